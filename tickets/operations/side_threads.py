"""Talks with somebody else about a ticket. The customer never hears of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from people.operations import Address, lock_contact
from tickets.events import SideMessageAdded
from tickets.exceptions import TicketError
from tickets.inbound import InboundFile
from tickets.models import Message, SideThread, Ticket
from tickets.operations.change import Change, change
from tickets.operations.forwarding import forwarded
from tickets.operations.recipients import addressing_of
from tickets.operations.saying import by, say

SUBJECT_LENGTH = 255


@transaction.atomic
def begin(
    ticket: Ticket,
    to: Address,
    text: str,
    *,
    actor: User | None,
    subject: str = "",
    files: Iterable[InboundFile] = (),
    forwards: Sequence[Message] = (),
) -> Message:
    """Write to somebody who is not on the ticket, and pass on the messages ``forwards``.

    Raises ``TicketError`` when one of those is not for others: a note, or another side thread.
    """
    contact = lock_contact(to)
    with change(ticket) as work:
        if contact.pk == work.ticket.requester_id:
            raise TicketError(_("That is the customer: reply instead."))
        addressing = addressing_of(work.ticket, [to])
        quoted = forwarded(work.ticket, forwards)
        thread = SideThread.objects.create(
            ticket=work.ticket,
            contact=contact,
            subject=(" ".join(subject.split()) or work.ticket.subject)[:SUBJECT_LENGTH],
            begun_by=actor,
        )
        values = {"side_thread": thread, "addressing": addressing, "quoted": quoted}
        return _say_aside(work, thread, text, actor, files, **values)


def answer(
    side_thread: SideThread, text: str, *, actor: User | None, files: Iterable[InboundFile] = ()
) -> Message:
    """Go on with the same person."""
    with change(Ticket.objects.get(side_threads=side_thread)) as work:
        address = _address_of(side_thread)
        addressing = addressing_of(work.ticket, [address])
        values = {"side_thread": side_thread, "addressing": addressing}
        return _say_aside(work, side_thread, text, actor, files, **values)


def _address_of(thread: SideThread) -> Address:
    """The address the talk was begun with."""
    first = thread.messages.order_by("pk").values_list("addressing", flat=True).first() or {}
    for name, value in first.get("to", ()):
        return Address.email(value, name)
    raise TicketError(_("There is no address to write to."))


def _say_aside(
    work: Change,
    thread: SideThread,
    text: str,
    actor: User | None,
    files: Iterable[InboundFile],
    **values: object,
) -> Message:
    message = say(work, text, Message.Direction.OUTBOUND, actor, files, **values)
    said = SideMessageAdded(
        **by(actor, work.ticket), message_id=message.pk, side_thread_id=thread.pk
    )
    work.events.append(said)
    return message
