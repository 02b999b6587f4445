"""Coming back to a ticket: an agent's reminder, and tending those who fell silent."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from people.models import User
from tickets.events import (
    CustomerNudged,
    FollowUpDue,
    FollowUpSet,
    SolvedForSilence,
    StatusChanged,
)
from tickets.exceptions import TicketError
from tickets.models import STATUS_FIELDS, Status, Ticket
from tickets.operations.change import change

BATCH = 200


def set_follow_up(
    ticket: Ticket,
    at: datetime | None,
    *,
    why: str = "",
    actor: User | None,
    seen: int | None = None,
) -> None:
    """Bring the ticket back to the top of the queue at ``at``; None takes that back."""
    if at is not None and at <= timezone.now():
        raise TicketError(_("A follow-up must lie in the future."))
    with change(ticket, seen=seen) as work:
        work.ticket.follow_up_at, work.ticket.follow_up_why = at, why.strip()[:200]
        work.fields |= {"follow_up_at", "follow_up_why"}
        work.events.append(
            FollowUpSet(
                ticket_id=ticket.pk,
                actor_id=actor.pk if actor else None,
                at=at.isoformat() if at else "",
                why=work.ticket.follow_up_why,
            )
        )


def due_follow_ups(now: datetime) -> QuerySet[Ticket]:
    return Ticket.objects.filter(follow_up_at__lte=now).order_by("follow_up_at")


def wake_follow_ups(now: datetime) -> int:
    """Bring back every ticket whose follow-up has come due. Returns how many."""
    tickets = list(due_follow_ups(now)[:BATCH])
    for ticket in tickets:
        _wake(ticket, now)
    return len(tickets)


def _wake(ticket: Ticket, now: datetime) -> None:
    with change(ticket) as work:
        locked = work.ticket
        if locked.follow_up_at is None or locked.follow_up_at > now:
            return
        work.events.append(FollowUpDue(ticket_id=locked.pk, why=locked.follow_up_why))
        old = Status(locked.status)
        if old in (Status.PENDING, Status.ON_HOLD, Status.SOLVED):
            locked.move_to(Status.OPEN)
            work.events.append(StatusChanged(ticket_id=locked.pk, old=old, new=Status.OPEN))
        locked.follow_up_at, locked.active_at = None, now
        work.fields |= {*STATUS_FIELDS, "follow_up_at", "active_at"}


def to_nudge(now: datetime) -> QuerySet[Ticket]:
    """Tickets that have waited for the customer long enough to remind them, once."""
    silent = Ticket.objects.filter(status=Status.PENDING, nudged_at=None)
    return silent.filter(pending_since__lte=now - F("inbox__nudge_after"))


def to_solve(now: datetime) -> QuerySet[Ticket]:
    """Tickets whose customer did not answer the reminder either."""
    silent = Ticket.objects.filter(status=Status.PENDING, nudged_at__isnull=False)
    return silent.filter(nudged_at__lte=now - F("inbox__solve_after"))


def tend_pending(now: datetime) -> tuple[int, int]:
    """Remind the silent, and solve what stayed silent. Returns how many of each."""
    nudged = list(to_nudge(now).order_by("pk")[:BATCH])
    for ticket in nudged:
        _nudge(ticket, now)
    solved = list(to_solve(now).order_by("pk")[:BATCH])
    for ticket in solved:
        _solve(ticket, now)
    return len(nudged), len(solved)


def _nudge(ticket: Ticket, now: datetime) -> None:
    with change(ticket) as work:
        if work.ticket.status != Status.PENDING or work.ticket.nudged_at is not None:
            return
        work.ticket.nudged_at = now
        work.fields.add("nudged_at")
        work.events.append(CustomerNudged(ticket_id=ticket.pk))


def _solve(ticket: Ticket, now: datetime) -> None:
    with change(ticket) as work:
        if work.ticket.status != Status.PENDING or work.ticket.nudged_at is None:
            return
        work.ticket.move_to(Status.SOLVED)
        work.fields |= set(STATUS_FIELDS)
        work.events += [
            StatusChanged(
                ticket_id=ticket.pk, old=Status.PENDING, new=Status.SOLVED, reason="silence"
            ),
            SolvedForSilence(ticket_id=ticket.pk),
        ]
