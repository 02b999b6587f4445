"""Where a message goes that comes to a ticket which is done (rules 17 to 20)."""

from __future__ import annotations

from django.utils import timezone

from people.models import Contact
from tickets.inbound import InboundMessage
from tickets.models import Inbox, Status, Ticket


def home_of(ticket: Ticket, inbound: InboundMessage, sender: Contact) -> Ticket | None:
    """``ticket``, or the sender's open ticket that goes on from it; None: a new one is due.

    What a machine wrote, what is imported, and what an agent put there stays where it
    belongs: it reopens nothing.
    """
    stays = inbound.is_automatic or inbound.is_imported or inbound.as_stranger
    if not ticket.is_done or stays or _reopens(ticket):
        return ticket
    later = Ticket.objects.unsolved().filter(requester=sender, continues=ticket)
    return later.select_for_update(of=("self",)).select_related("inbox").order_by("-pk").first()


def _reopens(ticket: Ticket) -> bool:
    if ticket.status == Status.CLOSED or ticket.solved_at is None:
        return False
    policy = ticket.inbox.late_reply
    if policy == Inbox.LateReply.WITHIN:
        return timezone.now() - ticket.solved_at <= ticket.inbox.reopen_within
    return policy == Inbox.LateReply.REOPEN
