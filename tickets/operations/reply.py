"""What agents say: replies and notes, and whether a reply got through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from people.models import User
from people.operations import Address
from support.events import publish
from tickets.events import (
    MessageSent,
    MessageUndeliverable,
    NoteAdded,
    ReplyScheduled,
)
from tickets.exceptions import TicketError
from tickets.inbound import InboundFile
from tickets.models import Message, Status, Ticket
from tickets.operations.change import change
from tickets.operations.recipients import addressing_of, let_in
from tickets.operations.saying import by, say
from tickets.operations.turns import hand_over, hand_over_late


def reply(
    ticket: Ticket,
    text: str,
    *,
    actor: User | None,
    status: Status = Status.PENDING,
    seen: int | None = None,
    files: Iterable[InboundFile] = (),
    to: Iterable[Address] = (),
    cc: Iterable[Address] = (),
    bcc: Iterable[Address] = (),
    send_at: datetime | None = None,
    unless_answered: bool = False,
    html: str = "",
) -> Message:
    """Answer the customer, and leave the ticket in ``status``. Raises ``StaleTicket``.

    Empty ``to`` is the requester. With ``send_at`` the reply waits, and the ticket stays as it
    is until it is sent; ``unless_answered``: it is taken back when the customer writes first.
    """
    if send_at is not None and send_at <= timezone.now():
        raise TicketError(_("That time has passed."))
    later = {"then_status": status, "unless_answered": unless_answered} if send_at else {}
    with change(ticket, seen=seen) as work:
        addressing = addressing_of(work.ticket, to, cc, bcc)
        values = {"html": html, "addressing": addressing, "send_at": send_at, **later}
        message = say(work, text, Message.Direction.OUTBOUND, actor, files, **values)
        if send_at is None:
            hand_over(work, message, status, actor)
        else:
            who, at = by(actor, work.ticket), send_at.isoformat()
            work.events.append(ReplyScheduled(**who, message_id=message.pk, at=at))
    return message


def add_note(
    ticket: Ticket, text: str, *, actor: User | None, files: Iterable[InboundFile] = ()
) -> Message:
    """Write what only agents may read."""
    with change(ticket) as work:
        message = say(work, text, Message.Direction.NOTE, actor, files)
        work.events.append(NoteAdded(**by(actor, work.ticket), message_id=message.pk))
    return message


@transaction.atomic
def report_sent(message: Message) -> None:
    """Remember that the channel took a message over."""
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now(), failure="")
    _report(message, MessageSent(ticket_id=message.ticket_id, message_id=message.pk))


@transaction.atomic
def settle_sent(message_id: int) -> None:
    """What follows once a reply is sent: those it names take part, and it counts from now on
    if it had to wait."""
    rows = Message.objects.select_related("ticket__requester", "agent")
    message = rows.get(pk=message_id)
    if message.side_thread_id is not None:
        return
    let_in(message)
    if message.then_status:
        with change(message.ticket) as work:
            hand_over_late(work, message)
            Message.objects.filter(pk=message_id).update(then_status="")


@transaction.atomic
def report_undeliverable(
    message: Message,
    reason: str,
    *,
    is_unknown: bool = False,
    address: str = "",
    of_copy: bool = False,
) -> None:
    """Tell agents that a message did not go out, or that nobody can say whether it did.

    ``of_copy``: the one it was meant for has it, and ``address`` has not.
    """
    if not of_copy:
        Message.objects.filter(pk=message.pk).update(failure=reason[:300])
    event = MessageUndeliverable(
        ticket_id=message.ticket_id,
        message_id=message.pk,
        reason=reason[:300],
        is_unknown=is_unknown,
        address=address,
        of_copy=of_copy,
    )
    _report(message, event)


def _report(message: Message, event: MessageSent | MessageUndeliverable) -> None:
    # The agent's guard is about what people said and did: last_event_id stays as it is.
    publish(event, audience=message.ticket.audience)
