"""Suspended mail: what was kept from the queue, why, and what an operator makes of it.

``release`` files it as if nothing were wrong, ``file_on_ticket`` puts it on a ticket as a
stranger's, ``block`` also blocks its sender, ``delete`` puts it away. Each is decided once:
whoever comes second hears ``NotSuspended``. The row stays, whatever was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from channels.mail.parsed import ParsedMail
from channels.mime import headers_only
from channels.models import BlockedSender, Receipt
from channels.reading import FILE, RELEASE
from channels.sandbox import Unreadable as Hostile
from channels.sandbox import understand
from people.models import User
from support import alarms
from support.events import DomainEvent, publish
from tickets.models import Ticket

#: No list is counted further than this.
MOST_COUNTED = 1000
BATCH = 500
_TASK = alarms.TASKS[Receipt._meta.db_table]


class NotSuspended(LookupError):
    """There is nothing under this id, or no longer: somebody decided."""


class NobodyToBlock(ValueError):
    """The mail names no sender."""


@dataclass(frozen=True, kw_only=True)
class SuspensionDecided(DomainEvent):
    """``decision`` is ``release``, ``file``, ``block`` or ``delete``; of ``count`` receipts."""

    kind = "suspension.decided"
    decision: str
    cause: str
    receipt_id: int | None = None
    ticket_id: int | None = None
    sender: str = ""
    count: int = 1

    @property
    def topic(self) -> str:
        return f"receipt:{self.receipt_id or ''}"


@dataclass(frozen=True, kw_only=True)
class SenderUnblocked(DomainEvent):
    """Mail of ``value`` is filed again."""

    kind = "sender.unblocked"
    value: str

    @property
    def topic(self) -> str:
        return "senders"


def listing(
    limit: int = 50, *, before: int = 0, cause: str = "", sender: str = ""
) -> list[Receipt]:
    """The newest first; ``before`` is the last id of the page above."""
    rows = _chosen(cause, sender).defer("body").select_related("account")
    rows = rows.filter(pk__lt=before) if before else rows
    return list(rows.annotate(size=Length("body")).order_by("-pk")[:limit])


def count() -> int:
    """How many wait for somebody, up to ``MOST_COUNTED`` and one."""
    return _suspended().order_by()[: MOST_COUNTED + 1].count()


def counts() -> dict[str, int]:
    """How many of each cause, among the newest ``MOST_COUNTED``."""
    newest = _suspended().order_by("-pk").values("pk")[:MOST_COUNTED]
    rows = Receipt.objects.filter(pk__in=newest).order_by().values("cause")
    return dict(rows.annotate(n=Count("pk")).values_list("cause", "n"))


def find(receipt_id: int) -> Receipt:
    """Raises ``NotSuspended``."""
    rows = _suspended().select_related("account__inbox")
    receipt = rows.annotate(size=Length("body")).filter(pk=receipt_id).first()
    if receipt is None:
        raise NotSuspended(receipt_id)
    return receipt


def preview(receipt: Receipt) -> ParsedMail | None:
    """The mail as far as it can be understood; None when it is only a provider's call."""
    if receipt.meta.get("door") == "anymail":
        return None
    raw = bytes(receipt.body)
    for readable in (raw, headers_only(raw)):
        try:
            return understand(readable)
        except Hostile:
            continue
    return None


@transaction.atomic
def release(receipt_id: int, *, actor: User | None) -> None:
    """File it as if nothing were wrong. Raises ``NotSuspended``."""
    receipt = _locked(receipt_id)
    _file(receipt, {"decision": RELEASE}, actor)


@transaction.atomic
def file_on_ticket(receipt_id: int, ticket: Ticket, *, actor: User | None) -> None:
    """Put it on ``ticket``; nobody vouches for its sender. Raises ``NotSuspended``."""
    receipt = _locked(receipt_id)
    _file(receipt, {"decision": FILE, "ticket_id": ticket.pk}, actor)


@transaction.atomic
def block(receipt_id: int, *, actor: User | None, whole_domain: bool = False) -> str:
    """Suspend all that comes from its sender, and put this away. Returns what is blocked.

    Raises ``NotSuspended`` or ``NobodyToBlock``.
    """
    receipt = _locked(receipt_id)
    value = receipt.sender.lower()
    if "@" not in value:
        raise NobodyToBlock(receipt_id)
    if whole_domain:
        value = f"@{value.rpartition('@')[2]}"
    BlockedSender.objects.get_or_create(value=value, defaults={"blocked_by": actor})
    _put_away(receipt, "block", actor)
    return value


@transaction.atomic
def delete(receipt_id: int, *, actor: User | None) -> None:
    """Put it away; its raw mail is kept as long as any. Raises ``NotSuspended``."""
    _put_away(_locked(receipt_id), "delete", actor)


def delete_all(*, cause: str = "", sender: str = "", actor: User | None) -> int:
    """Put away all of a cause, or of a sender, that were there at the beginning."""
    last = _chosen(cause, sender).order_by("-pk").values_list("pk", flat=True).first()
    total = 0
    while last is not None and (done := _delete_some(last, cause, sender, actor)):
        total += done
    return total


@transaction.atomic
def _delete_some(last: int, cause: str, sender: str, actor: User | None) -> int:
    rows = _chosen(cause, sender).filter(pk__lte=last).order_by("pk").select_for_update()
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    if ids:
        Receipt.objects.filter(pk__in=ids).update(status=Receipt.Status.DISCARDED)
        publish(
            SuspensionDecided(
                decision="delete", cause=cause, sender=sender, count=len(ids), actor_id=_id(actor)
            )
        )
    return len(ids)


def blocked_senders() -> QuerySet[BlockedSender]:
    return BlockedSender.objects.select_related("blocked_by").order_by("value")


@transaction.atomic
def unblock(value: str, *, actor: User | None) -> bool:
    """Let a sender write again; what is suspended stays so. False when nobody blocked them."""
    if not BlockedSender.objects.filter(value=value.strip().lower()).delete()[0]:
        return False
    publish(SenderUnblocked(value=value.strip().lower(), actor_id=_id(actor)))
    return True


def _suspended() -> QuerySet[Receipt]:
    return Receipt.objects.filter(status=Receipt.Status.SUSPENDED)


def _chosen(cause: str, sender: str) -> QuerySet[Receipt]:
    rows = _suspended()
    rows = rows.filter(cause=cause) if cause else rows
    return rows.filter(sender__iexact=sender.strip()) if sender.strip() else rows


def _locked(receipt_id: int) -> Receipt:
    row = _suspended().select_for_update().defer("body").filter(pk=receipt_id).first()
    if row is None:
        raise NotSuspended(receipt_id)
    return row


def _file(receipt: Receipt, plan: Mapping[str, Any], actor: User | None) -> None:
    Receipt.objects.filter(pk=receipt.pk).update(
        status=Receipt.Status.WAITING,
        plan={**plan, "actor_id": _id(actor)},
        due_at=timezone.now(),
        attempts=0,
        error="",
        processed_at=None,
    )
    _decided(receipt, plan["decision"], actor, ticket_id=plan.get("ticket_id"))
    transaction.on_commit(partial(alarms.ring, _TASK))  # only new rows ring by themselves


def _put_away(receipt: Receipt, decision: str, actor: User | None) -> None:
    Receipt.objects.filter(pk=receipt.pk).update(status=Receipt.Status.DISCARDED)
    _decided(receipt, decision, actor)


def _decided(
    receipt: Receipt, decision: str, actor: User | None, *, ticket_id: int | None = None
) -> None:
    publish(
        SuspensionDecided(
            receipt_id=receipt.pk,
            decision=decision,
            cause=receipt.cause,
            sender=receipt.sender,
            ticket_id=ticket_id,
            actor_id=_id(actor),
        )
    )


def _id(actor: User | None) -> int | None:
    return actor.pk if actor else None
