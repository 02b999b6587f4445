"""How every change of a ticket begins and ends: lock, guard, save, publish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from support.events import publish
from support.faults import fault_point
from tickets.events import TicketEvent
from tickets.models import Ticket


@dataclass
class Change:
    """A locked ticket, and what happened to it so far."""

    ticket: Ticket
    events: list[TicketEvent] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)


@contextmanager
def change(ticket: Ticket, *, seen: int | None = None) -> Iterator[Change]:
    """Lock ``ticket`` for a change; on leaving, save the named fields and publish.

    ``seen`` is the last event the actor saw. Raises ``StaleTicket`` when there are newer
    ones. The instance passed in is brought up to date too.
    """
    with transaction.atomic():
        locked = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
        locked.require_unchanged(seen)
        work = Change(locked)
        yield work
        if work.events:
            locked.last_event_id = publish(*work.events, audience=locked.audience)
            work.fields.add("last_event_id")
        if work.fields:
            locked.save(update_fields=sorted(work.fields))
        fault_point("change.before_commit")
    ticket.__dict__.update({k: v for k, v in locked.__dict__.items() if k != "_state"})
