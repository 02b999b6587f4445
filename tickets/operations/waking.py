from __future__ import annotations

from django.utils import timezone

from tickets.events import StatusChanged, TicketEvent
from tickets.models import Status, Ticket


def wake(ticket: Ticket) -> list[TicketEvent]:
    """Somebody we asked has answered: the ticket comes up again. Nobody outside waits for us
    because of that, and what waits for the customer goes on waiting."""
    ticket.active_at = timezone.now()
    old = Status(ticket.status)
    if old not in (Status.ON_HOLD, Status.SOLVED):
        return []
    ticket.move_to(Status.OPEN)
    changed = StatusChanged(ticket_id=ticket.pk, old=old, new=ticket.status, reason="side_thread")
    return [changed]
