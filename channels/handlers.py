from __future__ import annotations

from collections.abc import Sequence

from channels import agent_mail, chat_notices, replies, unreached
from channels.automatic import Notice, decide
from channels.models import AutomaticMail
from support.events import handles, handles_many
from tickets.events import (
    AddressStopped,
    CustomerNudged,
    MessageReceived,
    MessageUndeliverable,
    ReplyAdded,
    ReplyScheduled,
    SideMessageAdded,
    SolvedForSilence,
    TicketOpened,
)
from tickets.models import Message, Ticket

Kind = AutomaticMail.Kind
_INBOUND = Message.Direction.INBOUND


@handles_many(TicketOpened)
def acknowledge(events: Sequence[TicketOpened]) -> None:
    """Tell each requester the number of their request, or log why not."""
    tickets = _tickets([event.ticket_id for event in events])
    messages = Message.objects.in_bulk([event.message_id for event in events])
    notices = [
        Notice(
            ticket=tickets[event.ticket_id],
            kind=Kind.ACKNOWLEDGEMENT,
            occasion="opened",
            answers=messages.get(event.message_id),
            forbidden_by=event.never_acknowledge,
            is_verified=event.is_verified,
        )
        for event in events
        if event.ticket_id in tickets
    ]
    decide(notices)
    chat_notices.tell(notices)


@handles(CustomerNudged)
def remind(event: CustomerNudged) -> None:
    """Ask the silent customer once more."""
    _notify(event.ticket_id, Kind.NUDGE)


@handles(SolvedForSilence)
def tell_of_silence(event: SolvedForSilence) -> None:
    """Say that the ticket counts as solved, and how to reopen it."""
    _notify(event.ticket_id, Kind.SOLVED)


@handles(ReplyAdded)
def queue_reply(event: ReplyAdded) -> None:
    """Owe what an agent wrote to those it is for."""
    replies.owe(event.message_id)


@handles(ReplyScheduled)
def queue_waiting_reply(event: ReplyScheduled) -> None:
    """The same, for later."""
    replies.owe(event.message_id)


@handles(SideMessageAdded)
def queue_side_message(event: SideMessageAdded) -> None:
    """Owe what an agent wrote to somebody else about a ticket."""
    if not event.is_inbound:
        replies.owe(event.message_id)


@handles(MessageUndeliverable)
def hand_back(event: MessageUndeliverable) -> None:
    """Tell agents why a message did not arrive; the ticket waits for us again."""
    unreached.hand_back(event)


@handles(AddressStopped)
def note_stopped(event: AddressStopped) -> None:
    """Tell agents that automatic mail does not arrive any more."""
    unreached.note_stopped(event)


@handles_many(MessageReceived)
def tell_assignees(events: Sequence[MessageReceived]) -> None:
    """Mail what customers wrote to the agents who want that."""
    agent_mail.tell_assignees(events)


def _notify(ticket_id: int, kind: str) -> None:
    ticket = _tickets([ticket_id]).get(ticket_id)
    if ticket is None:
        return
    received = ticket.messages.public().filter(direction=_INBOUND, is_automatic=False)
    received = received.exclude(author=Message.Author.STRANGER)
    since = ticket.pending_since or ticket.solved_at or ticket.active_at
    notice = Notice(
        ticket=ticket,
        kind=kind,
        occasion=f"since:{since.timestamp():.6f}",
        answers=received.order_by("-pk").first(),
    )
    decide([notice])
    chat_notices.tell([notice])


def _tickets(ids: Sequence[int]) -> dict[int, Ticket]:
    return Ticket.objects.select_related("inbox", "requester").in_bulk(ids)
