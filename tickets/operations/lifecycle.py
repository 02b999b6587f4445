"""Where a ticket stands: solve, reopen, hold, close, merge."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from people.models import User
from support.events import publish
from tickets.events import StatusChanged, TicketMerged
from tickets.exceptions import TicketError
from tickets.models import STATUS_FIELDS, Message, SideThread, Status, Ticket, TicketReference
from tickets.operations.change import change


def set_status(
    ticket: Ticket,
    status: Status,
    *,
    actor: User | None,
    seen: int | None = None,
    reason: str = "",
) -> None:
    """Move the ticket to ``status``. Raises ``IllegalTransition`` or ``StaleTicket``.

    ``reason`` is a short word for who or what did it when no agent did: ``customer``.
    """
    with change(ticket, seen=seen) as work:
        old = Status(work.ticket.status)
        if old == status:
            return
        work.ticket.move_to(status)
        if reason == "customer" and status == Status.OPEN:
            work.ticket.waiting_since = timezone.now()
        work.ticket.active_at = timezone.now()
        work.fields |= {*STATUS_FIELDS, "active_at"}
        work.events.append(
            StatusChanged(
                ticket_id=ticket.pk,
                actor_id=actor.pk if actor else None,
                old=old,
                new=status,
                reason=reason,
            )
        )


@transaction.atomic
def merge(ticket: Ticket, into: Ticket, *, actor: User | None) -> None:
    """Move everything of ``ticket`` onto ``into``; its numbers lead there from now on."""
    if ticket.pk == into.pk:
        raise TicketError(_("A ticket cannot be merged into itself."))
    pks = sorted([ticket.pk, into.pk])
    locked = {
        t.pk: t
        for t in Ticket.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk")
    }
    source, target = locked[ticket.pk], locked[into.pk]
    if source.merged_into_id or target.merged_into_id:
        raise TicketError(_("One of these tickets was merged already."))
    if target.status == Status.CLOSED:
        raise TicketError(_("A closed ticket takes nothing more in."))
    Message.objects.filter(ticket=source).update(ticket=target)
    SideThread.objects.filter(ticket=source).update(ticket=target)
    TicketReference.objects.filter(ticket=source).update(ticket=target)
    if source.status != Status.CLOSED:
        source.move_to(Status.CLOSED)
    source.merged_into = target
    actor_id = actor.pk if actor else None
    merged = TicketMerged(ticket_id=source.pk, actor_id=actor_id, into_id=target.pk)
    source.last_event_id = publish(merged, audience=source.audience)
    source.save(update_fields=[*STATUS_FIELDS, "merged_into", "last_event_id"])
    arrived = TicketMerged(ticket_id=target.pk, actor_id=actor_id, into_id=target.pk)
    target.last_event_id = publish(arrived, audience=target.audience)
    target.active_at = timezone.now()
    target.save(update_fields=["active_at", "last_event_id"])
