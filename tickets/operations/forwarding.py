"""Messages as they are passed on to somebody else."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from people.operations import email_of
from support.language import supported
from tickets.exceptions import TicketError
from tickets.models import Message, Ticket
from tickets.pictures import in_words


def forwarded(ticket: Ticket, messages: Sequence[Message]) -> str:
    """Their words below a head each, in order. Raises ``TicketError`` for what is internal."""
    wanted = {message.pk for message in messages}
    rows = Message.objects.public().filter(pk__in=wanted, ticket=ticket)
    found = list(rows.select_related("contact", "inbox").order_by("pk"))
    if len(found) != len(wanted):
        raise TicketError(_("Only what was said between the customer and us is passed on."))
    with override(supported(ticket.inbox.language or ticket.language)):
        return "\n\n".join(_passage(ticket, message) for message in found)


def _passage(ticket: Ticket, message: Message) -> str:
    at = message.sent_at or message.created_at
    return "\n".join(
        [
            f"---------- {_('Forwarded message')} ----------",
            _("From: %(who)s") % {"who": author_of(message)},
            _("Date: %(when)s UTC") % {"when": date_format(at, "Y-m-d H:i")},
            _("Subject: %(subject)s") % {"subject": " ".join(ticket.subject.split())},
            "",
            in_words(message.text).strip(),
        ]
    )


def author_of(message: Message) -> str:
    """``Ann <ann@example.org>`` for the customer's side, the inbox's name for us."""
    if message.direction != Message.Direction.INBOUND or message.contact is None:
        return message.inbox.name
    name, address = message.addressing.get("from") or ("", "")
    address = address or email_of(message.contact)
    name = " ".join((name or message.contact.name).split())
    return f"{name} <{address}>" if name and address else name or address
