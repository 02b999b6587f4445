"""Bounces tied back to what bounced: the delivery fails, the address is scored, agents are told.

Proof is the envelope sender of that one delivery (VERP) or its own Message-ID inside the
report. The failed recipient alone, which anybody can write, only says on which ticket a
report is shown; it never marks a message or an address. What is marked is always the
address that we wrote to, not the one that the report names. A batch is done in a few
statements, and no bounce is ever answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from channels.models import Delivery
from channels.refusals import Refusal, refusal_of
from people.reachability import Bounce, note_bounces
from support.events import Fact, publish_many
from tickets.events import AddressStopped, MessageUndeliverable
from tickets.inbound import InboundMessage
from tickets.models import Message, Ticket

#: How long after a ticket's last sign of life a report without proof is shown on it.
RECENT = timedelta(days=7)
_MAY_FAIL = [
    Delivery.Status.SENT,
    Delivery.Status.UNKNOWN,
    Delivery.Status.SENDING,
    Delivery.Status.QUEUED,
]


def tie(messages: Sequence[InboundMessage]) -> list[InboundMessage]:
    """The same messages; those about a delivery of ours with its id and its ticket."""
    verp = {m.meta["delivery"] for m in messages if m.meta.get("delivery")}
    ids = {f"<{m.meta['original_id']}>" for m in messages if m.meta.get("original_id")}
    if not (verp or ids or any(m.meta.get("bounce") for m in messages)):
        return list(messages)
    rows = Delivery.objects.select_related("message", "automatic")
    by_key = {str(row.pk): row for row in rows.filter(pk__in=verp)} if verp else {}
    by_id = {row.external_id: row for row in rows.filter(external_id__in=ids)} if ids else {}
    tied = [_tied(each, by_key, by_id) for each in messages]
    homeless = [each for each in tied if each.ticket_id is None and each.meta.get("bounce")]
    homes = _recent_tickets({each.meta["failed_recipient"] for each in homeless} - {""})
    return [
        replace(each, ticket_id=homes.get(each.meta["failed_recipient"]))
        if each.ticket_id is None and each.meta.get("bounce")
        else each
        for each in tied
    ]


def _tied(
    inbound: InboundMessage, by_key: Mapping[str, Delivery], by_id: Mapping[str, Delivery]
) -> InboundMessage:
    original = f"<{inbound.meta.get('original_id', '')}>"
    delivery = by_key.get(inbound.meta.get("delivery", "")) or by_id.get(original)
    meta = {name: value for name, value in inbound.meta.items() if name != "delivery"}
    if delivery is None:
        return replace(inbound, meta=meta)
    meta["delivery"] = str(delivery.pk)
    message = delivery.message
    return replace(
        inbound,
        ticket_id=inbound.ticket_id or _ticket_id(delivery),
        side_thread_id=message.side_thread_id if message else inbound.side_thread_id,
        meta=meta,
    )


def _ticket_id(delivery: Delivery) -> int | None:
    if delivery.message is not None:
        return delivery.message.ticket_id
    automatic = getattr(delivery, "automatic", None)
    return automatic.ticket_id if automatic else None


def _recent_tickets(addresses: set[str]) -> dict[str, int]:
    """The latest ticket of each of these people, if something happened on it lately."""
    if not addresses:
        return {}
    since = timezone.now() - RECENT
    rows = Ticket.objects.filter(
        requester__identities__kind="email",
        requester__identities__value__in=addresses,
        active_at__gt=since,
    )
    columns = rows.order_by("pk").values_list("requester__identities__value", "pk")
    return dict(columns)  # the latest stays


def take(filed: Sequence[InboundMessage]) -> None:
    """Let the deliveries that these reports prove fail. Part of the caller's transaction."""
    refusals = {
        int(inbound.meta["delivery"]): _refusal(inbound)
        for inbound in filed
        if inbound.meta.get("bounce") and inbound.meta.get("delivery") and not inbound.is_imported
    }
    final = {key: refusal for key, refusal in refusals.items() if refusal.is_final}
    if not final:
        return
    rows = Delivery.objects.filter(pk__in=final, status__in=_MAY_FAIL).order_by("pk")
    failed = list(rows.select_for_update(of=("self",)))
    was_sent = {row.pk for row in failed if row.status == Delivery.Status.SENT}
    for row in failed:
        row.status, row.error = Delivery.Status.FAILED, final[row.pk].kept
    Delivery.objects.bulk_update(failed, ["status", "error"])
    _tell(failed, final, was_sent)


def note_refusal(delivery: Delivery, refusal: Refusal) -> None:
    """The first server would not take it: as a bounce counts, without the report.

    Only what it says of the address itself: its other refusals may be about us.
    """
    if not refusal.is_about_address:
        return
    if delivery.message_id is None:
        _tell([delivery], {delivery.pk: refusal}, set())
    else:
        note_bounces([Bounce(delivery.to, refusal.weight, refusal.kept)])


def _refusal(inbound: InboundMessage) -> Refusal:
    meta = inbound.meta
    return refusal_of(
        meta.get("diagnostic", ""),
        status=meta.get("failed_status", ""),
        action=meta.get("failed_action", ""),
    )


def _tell(failed: Sequence[Delivery], refusals: Mapping[int, Refusal], was_sent: set[int]) -> None:
    """Score the addresses, and publish what agents should know."""
    stopped = note_bounces(
        [
            Bounce(row.to, refusals[row.pk].weight, refusals[row.pk].kept, row.pk in was_sent)
            for row in failed
        ]
    )
    wanted = Delivery.objects.filter(pk__in=[row.pk for row in failed])
    related = wanted.select_related("message__ticket", "automatic__ticket").order_by("pk")
    facts: list[Fact] = []
    for row in related:
        reason = refusals[row.pk].kept
        if row.message is not None:
            facts.append(_message_failed(row.message, row, reason))
        elif row.to.lower() in stopped and getattr(row, "automatic", None):
            facts.extend(_stopped(row, reason))
    if facts:
        publish_many(facts)


def _message_failed(message: Message, delivery: Delivery, reason: str) -> Fact:
    is_copy = bool(delivery.payload.get("is_copy"))
    if not is_copy:
        Message.objects.filter(pk=message.pk).update(failure=reason)
    event = MessageUndeliverable(
        ticket_id=message.ticket_id,
        message_id=message.pk,
        reason=reason,
        address=delivery.to,
        of_copy=is_copy,
    )
    return event, message.ticket.audience


def _stopped(delivery: Delivery, reason: str) -> list[Fact]:
    ticket = delivery.automatic.ticket
    if ticket is None:
        return []
    event = AddressStopped(ticket_id=ticket.pk, address=delivery.to, reason=reason)
    return [(event, ticket.audience)]
