"""What came to a halt and waits for an operator: seen, tried again, or let go.

Three kinds of row end here, told apart by the letter of their id: ``r12`` is a mail or
webhook call that could not be understood, ``o5`` an event that a handler gave up on,
``d9`` a message out that failed, or whose fate nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Length
from django.utils import timezone
from django.utils.translation import gettext as _

from channels.models import Delivery, Receipt
from people.models import User
from support import alarms
from support.events import DomainEvent, publish
from support.models import OutboxEntry

_ID = re.compile(r"([rod])([1-9][0-9]{0,17})")
_STUCK = (Delivery.Status.FAILED, Delivery.Status.UNKNOWN)
Row: TypeAlias = Receipt | OutboxEntry | Delivery


class NotQuarantined(LookupError):
    """There is nothing under this id, or no longer: somebody dealt with it."""


@dataclass(frozen=True, kw_only=True)
class QuarantineDecided(DomainEvent):
    """Somebody took an item out of quarantine; ``decision`` is ``replay`` or ``discard``."""

    kind = "quarantine.decided"
    item: str
    decision: str
    error: str = ""

    @property
    def topic(self) -> str:
        return f"quarantine:{self.item}"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One halted thing. ``cursor`` is what ``listing`` takes as ``before`` for the next page."""

    id: str
    kind: str
    status: str
    about: str
    error: str
    attempts: int
    at: datetime
    ticket_id: int | None = None
    size: int = 0

    @property
    def cursor(self) -> str:
        return f"{self.at.isoformat()}/{self.id}"


def listing(limit: int = 50, before: str = "") -> list[Item]:
    """The newest first. Raises ``ValueError`` for a ``before`` that is no cursor."""
    cursor = _cursor(before) if before else None
    items = [item for letter in _POOLS for item in _newest(letter, cursor, limit)]
    items.sort(key=lambda item: (item.at, *_split(item.id)), reverse=True)
    return items[:limit]


def count() -> int:
    """How many things wait for an operator."""
    return sum(pool().count() for pool, _make in _POOLS.values())


def find(item_id: str) -> Item:
    """Raises ``NotQuarantined``."""
    letter, pk = _split(item_id)
    pool, make = _POOLS[letter]
    row = pool().filter(pk=pk).first()
    if row is None:
        raise NotQuarantined(item_id)
    return make(row)


def raw(item_id: str) -> bytes:
    """The bytes of a quarantined mail or call, exactly as they came."""
    letter, pk = _split(item_id)
    bodies = Receipt.objects.quarantined().filter(pk=pk).values_list("body", flat=True)
    body = bodies.first() if letter == "r" else None
    if body is None:
        raise NotQuarantined(item_id)
    return bytes(body)


@transaction.atomic
def replay(item_id: str, actor: User | None = None) -> None:
    """Try again at once, as if it had just come. Raises ``NotQuarantined``."""
    row = _locked(item_id)
    error = row.error
    row.attempts, row.due_at, row.error = 0, timezone.now(), ""
    if isinstance(row, Receipt):
        row.status, row.processed_at = Receipt.Status.WAITING, None
    elif isinstance(row, OutboxEntry):
        row.parked_at = None
    else:
        row.status, row.was_handed_over = Delivery.Status.QUEUED, False
    row.save()
    task = alarms.TASKS[row._meta.db_table]  # only new rows ring by themselves
    transaction.on_commit(partial(alarms.ring, task))
    _decided(item_id, "replay", error, actor)


@transaction.atomic
def discard(item_id: str, actor: User | None = None) -> None:
    """Let it go for good; its row says so. Raises ``NotQuarantined``."""
    row = _locked(item_id)
    error = row.error
    if isinstance(row, OutboxEntry):
        row.delete()
    elif isinstance(row, Receipt):
        row.status = Receipt.Status.DISCARDED
        row.save(update_fields=["status"])
    else:
        row.status = Delivery.Status.SUPPRESSED
        row.save(update_fields=["status"])
    _decided(item_id, "discard", error, actor)


def _decided(item_id: str, decision: str, error: str, actor: User | None) -> None:
    actor_id = actor.pk if actor else None
    publish(
        QuarantineDecided(item=item_id, decision=decision, error=error[:500], actor_id=actor_id)
    )


def _split(item_id: str) -> tuple[str, int]:
    if not (found := _ID.fullmatch(item_id.strip().lower())):
        raise NotQuarantined(item_id)
    return found[1], int(found[2])


def _locked(item_id: str) -> Row:
    letter, pk = _split(item_id)
    pool, _make = _POOLS[letter]
    row: Row | None = pool().select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotQuarantined(item_id)
    return row


def _cursor(before: str) -> tuple[datetime, str, int]:
    at, _slash, item_id = before.partition("/")
    if not (found := _ID.fullmatch(item_id)):
        raise ValueError(f"no cursor: {before[:60]!r}")
    return datetime.fromisoformat(at), found[1], int(found[2])


def _newest(letter: str, cursor: tuple[datetime, str, int] | None, limit: int) -> Iterator[Item]:
    """Up to ``limit`` of one kind, older than the cursor; ids decide between equal times."""
    pool, make = _POOLS[letter]
    rows = pool().order_by("-halted_at", "-pk")
    if cursor is not None:
        at, cursor_letter, pk = cursor
        ties = Q(halted_at=at)
        if letter == cursor_letter:
            ties &= Q(pk__lt=pk)
        older = Q(halted_at__lt=at)
        rows = rows.filter(older if letter > cursor_letter else older | ties)
    return map(make, rows[:limit])


def _receipts() -> QuerySet[Any]:
    pool = Receipt.objects.quarantined().defer("body").select_related("account")
    return pool.annotate(halted_at=Coalesce("processed_at", "received_at"), size=Length("body"))


def _entries() -> QuerySet[Any]:
    pool = OutboxEntry.objects.parked().select_related("event")
    return pool.annotate(halted_at=F("parked_at"))


def _deliveries() -> QuerySet[Any]:
    pool = Delivery.objects.filter(status__in=_STUCK).select_related("message")
    return pool.annotate(halted_at=F("due_at"))


def _of_receipt(row: Any) -> Item:
    sender = row.meta.get("mail_from") or row.meta.get("provider") or _("an unknown sender")
    return Item(
        id=f"r{row.pk}",
        kind="receipt",
        status=row.status,
        about=_("From %(sender)s to %(account)s") % {"sender": sender, "account": row.account},
        error=row.error,
        attempts=row.attempts,
        at=row.halted_at,
        size=row.size,
    )


def _of_entry(row: Any) -> Item:
    return Item(
        id=f"o{row.pk}",
        kind="outbox",
        status="parked",
        about=_("%(handler)s after %(event)s of %(topic)s")
        % {"handler": row.handler, "event": row.event.kind, "topic": row.event.topic},
        error=row.error,
        attempts=row.attempts,
        at=row.halted_at,
        ticket_id=row.event.payload.get("ticket_id"),
    )


def _of_delivery(row: Any) -> Item:
    return Item(
        id=f"d{row.pk}",
        kind="delivery",
        status=row.status,
        about=_("To %(address)s") % {"address": row.to},
        error=row.error,
        attempts=row.attempts,
        at=row.halted_at,
        ticket_id=row.message.ticket_id if row.message else None,
    )


#: By the letter that ids begin with: what is halted, and how it is told.
_POOLS: dict[str, tuple[Callable[[], QuerySet[Any]], Callable[[Any], Item]]] = {
    "d": (_deliveries, _of_delivery),
    "o": (_entries, _of_entry),
    "r": (_receipts, _of_receipt),
}
