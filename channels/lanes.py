"""Conversations on their way out: one part after the other, and what follows from each answer."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import chat
from channels.base import Outcome, Result
from channels.hearing import catch_up
from channels.models import Account, Delivery
from channels.models.delivery import DeliveryQuerySet
from people.models import Identity
from tickets.models import Message

Status = Delivery.Status
_ACTIVE = (Status.QUEUED, Status.SENDING)


def first_in_line(due: DeliveryQuerySet) -> DeliveryQuerySet:
    """Without those that wait for an earlier part, or message, of their conversation.

    A reply that an agent put off until tomorrow holds up nothing that is said before.
    """
    earlier = Delivery.objects.filter(
        account=OuterRef("account"), lane=OuterRef("lane"), pk__lt=OuterRef("pk"),
        status__in=_ACTIVE,
    ).exclude(lane="")  # fmt: skip
    earlier = earlier.exclude(message__send_at__gt=timezone.now())
    return due.filter(Q(lane="") | ~Exists(earlier))


def closed(delivery: Delivery) -> str:
    """Why the platform would not take it now, asked before it is tried; or ""."""
    if not delivery.lane:
        return ""
    return chat.closed(
        delivery.account,
        delivery.lane,
        is_automatic=delivery.is_automatic,
        now=timezone.now(),
    )


def note_sent(delivery: Delivery, result: Result) -> None:
    """Keep the platform's id, by which reports and answers refer to the message."""
    if not delivery.lane or not result.external_id:
        return
    Delivery.objects.filter(pk=delivery.pk).update(provider_id=result.external_id[:255])
    if delivery.message_id is not None and delivery.part == 0:
        Message.objects.filter(pk=delivery.message_id).update(
            external_id=result.external_id[:255], channel=delivery.account.kind
        )
    Account.objects.filter(pk=delivery.account_id).update(sent_at=timezone.now())
    catch_up(delivery.account, [result.external_id])


def note_refused(delivery: Delivery, result: Result) -> None:
    """What a refusal says of the person, or of our account."""
    if result.outcome is Outcome.BLOCKED:
        people = Identity.objects.filter(kind=delivery.account.kind, value=delivery.to)
        people.update(undeliverable_at=timezone.now(), bounce_reason=result.detail[:300])
    if result.outcome is Outcome.SIGN_IN:
        Account.objects.filter(pk=delivery.account_id).update(
            needs_sign_in=True, error=result.detail[:300], error_at=timezone.now()
        )


def in_words(result: Result) -> str:
    """Why a message did not go, for the agent who wrote it."""
    words = {
        Outcome.BLOCKED: _("The customer has blocked us in this channel."),
        Outcome.CLOSED: _("The time to answer in this channel is over."),
    }.get(result.outcome, "")
    return f"{words} ({result.detail})" if words and result.detail else words or result.detail


def stop_rest(delivery: Delivery) -> None:
    """A part failed for good: what would follow it makes no sense alone."""
    if delivery.lane and delivery.message_id is not None:
        later = Delivery.objects.filter(message=delivery.message_id, part__gt=delivery.part)
        later.filter(status=Status.QUEUED).update(
            status=Status.SUPPRESSED, error=_("An earlier part did not go out.")
        )
