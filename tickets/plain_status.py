"""What a customer is told of a ticket: four plain states, and whether they must act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from tickets.models import Status, Ticket


class PlainState(models.TextChoices):
    RECEIVED = "received", _("Received")
    IN_PROGRESS = "in_progress", _("Being worked on")
    WAITING_FOR_YOU = "waiting_for_you", _("Waiting for you")
    SOLVED = "solved", _("Solved")


_STATES = {
    Status.NEW: PlainState.RECEIVED,
    Status.OPEN: PlainState.IN_PROGRESS,
    Status.ON_HOLD: PlainState.IN_PROGRESS,
    Status.PENDING: PlainState.WAITING_FOR_YOU,
    Status.SOLVED: PlainState.SOLVED,
    Status.CLOSED: PlainState.SOLVED,
}

# By hand: this door stands open to everybody, and building the query cost more than running it.
# Without joins: PostgreSQL took longer to weigh their orders than to find the row.
_LOOK_UP = """
    select status, active_at, waiting_since,
        (select reply_within from tickets_inbox where id = inbox_id)
    from tickets_ticket
    where id = (select ticket_id from tickets_ticketreference where number = %s)
"""


@dataclass(frozen=True, kw_only=True)
class PlainStatus:
    """All that the number alone may show; nothing of who wrote or what."""

    reference: str
    state: PlainState
    updated_on: date
    next_reply_due_at: datetime | None
    must_act: bool


def plain_status(number: str) -> PlainStatus | None:
    """The plain state of the ticket that ``number`` (13 digits) leads to, if any."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_UP, [number])
        row = cursor.fetchone()
    if row is None:
        return None
    status, active_at, waiting_since, reply_within = row
    state = _STATES[Status(status)]
    waits = waiting_since is not None and state in (PlainState.RECEIVED, PlainState.IN_PROGRESS)
    return PlainStatus(
        reference=number,
        state=state,
        updated_on=active_at.date(),
        next_reply_due_at=waiting_since + reply_within if waits else None,
        must_act=state == PlainState.WAITING_FOR_YOU,
    )


def state_of(ticket: Ticket) -> PlainState:
    return _STATES[Status(ticket.status)]
