from __future__ import annotations

from collections.abc import Sequence

from channels.automatic import Notice, decide
from channels.models import AutomaticMail, Delivery
from channels.outgoing import accounts_of, envelope, fresh_id
from people.operations import email_of
from support.events import handles, handles_many
from tickets.events import CustomerNudged, ReplyAdded, SolvedForSilence, TicketOpened
from tickets.models import Message, Ticket
from tickets.operations.reply import report_undeliverable

Kind = AutomaticMail.Kind


@handles_many(TicketOpened)
def acknowledge(events: Sequence[TicketOpened]) -> None:
    """Tell each requester the number of their request, or log why not."""
    tickets = _tickets([event.ticket_id for event in events])
    messages = Message.objects.in_bulk([event.message_id for event in events])
    decide(
        [
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
    )


@handles(CustomerNudged)
def remind(event: CustomerNudged) -> None:
    """Ask the silent customer once more."""
    _notify(event.ticket_id, Kind.NUDGE)


@handles(SolvedForSilence)
def tell_of_silence(event: SolvedForSilence) -> None:
    """Say that the ticket counts as solved, and how to reopen it."""
    _notify(event.ticket_id, Kind.SOLVED)


@handles(ReplyAdded)
def queue_delivery(event: ReplyAdded) -> None:
    """Owe the customer this reply."""
    message = Message.objects.select_related("ticket__inbox", "ticket__requester", "agent").get(
        pk=event.message_id
    )
    ticket = message.ticket
    to, account = email_of(ticket.requester), accounts_of({ticket.inbox_id}).get(ticket.inbox_id)
    if not to or account is None:
        reason = "no address to write to" if account else "no mailbox to write from"
        report_undeliverable(message, reason)
        return
    received = ticket.messages.filter(direction=Message.Direction.INBOUND).order_by("-pk")
    last = received.filter(is_automatic=False).first()
    external_id = fresh_id(ticket)
    Message.objects.filter(pk=message.pk).update(
        external_id=external_id.strip("<>"), channel=account.kind
    )
    Delivery.objects.create(
        message=message,
        account=account,
        to=to,
        external_id=external_id,
        payload={
            **envelope(account, ticket, last),
            "subject": _reply_subject(ticket),
            "text": message.text,
            "files": [
                {"name": file.name, "content_type": file.content_type, "key": file.key}
                for file in message.attachments.all()
            ],
        },
    )


def _notify(ticket_id: int, kind: str) -> None:
    ticket = _tickets([ticket_id]).get(ticket_id)
    if ticket is None:
        return
    received = ticket.messages.filter(direction=Message.Direction.INBOUND, is_automatic=False)
    since = ticket.pending_since or ticket.solved_at or ticket.active_at
    notice = Notice(
        ticket=ticket,
        kind=kind,
        occasion=f"since:{since.timestamp():.6f}",
        answers=received.order_by("-pk").first(),
    )
    decide([notice])


def _tickets(ids: Sequence[int]) -> dict[int, Ticket]:
    return Ticket.objects.select_related("inbox", "requester").in_bulk(ids)


def _reply_subject(ticket: Ticket) -> str:
    subject = ticket.subject if ticket.subject[:3].lower() == "re:" else f"Re: {ticket.subject}"
    return subject if ticket.number in subject else f"{subject} [{ticket.number}]"
