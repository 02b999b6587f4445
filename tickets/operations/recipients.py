"""Whom a message of ours is addressed to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from people.operations import Address, email_of, find_identity, lock_contact
from tickets.exceptions import TicketError
from tickets.models import Message, Participant, Ticket

#: Most addresses a message of ours may go to.
MOST = 100
_ADDRESS = re.compile(
    r"[^\s@<>()\[\]:;,\"\\\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]:;,\"\\\x00-\x1f\x7f]{1,189}"
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def is_address(value: str) -> bool:
    """Whether mail can be addressed to it; whether it arrives is another matter."""
    return _ADDRESS.fullmatch(value) is not None


def addressing_of(
    ticket: Ticket,
    to: Iterable[Address] = (),
    cc: Iterable[Address] = (),
    bcc: Iterable[Address] = (),
) -> dict[str, Any]:
    """As a message keeps it: each address once. Empty ``to`` is the requester.

    Raises ``TicketError`` for what is no address, and for too many.
    """
    named = list(to) or _requester(ticket)
    seen: set[str] = set()
    kept = {
        field: [_pair(each) for each in some if not _seen_before(each.value, seen)]
        for field, some in (("to", named), ("cc", cc), ("bcc", bcc))
    }
    if len(seen) > MOST:
        raise TicketError(_("A message can go to %(most)d addresses.") % {"most": MOST})
    return {field: pairs for field, pairs in kept.items() if pairs or field == "to"}


def _requester(ticket: Ticket) -> list[Address]:
    """None where the talk is elsewhere: then the answer goes there, and not by mail."""
    return [] if ticket.thread else by_mail(ticket)


def by_mail(ticket: Ticket) -> list[Address]:
    """The requester's address, if there is one that works."""
    address = email_of(ticket.requester)
    return [Address.email(address, ticket.requester.name)] if address else []


def _seen_before(value: str, seen: set[str]) -> bool:
    if not is_address(value):
        raise TicketError(_("“%(address)s” is not an email address.") % {"address": value[:254]})
    known = value in seen
    seen.add(value)
    return known


def _pair(address: Address) -> list[str]:
    return [_UNPRINTABLE.sub(" ", address.name).strip(), address.value]


def addresses_in(addressing: Mapping[str, Any], *fields: str) -> list[Address]:
    """The addresses under ``to``, ``cc`` or ``bcc``, in order."""
    pairs = [pair for field in fields for pair in addressing.get(field) or ()]
    return [Address.email(value, name) for name, value in pairs]


def let_in(message: Message) -> None:
    """Those an agent wrote to openly take part from now on; blind copies do not."""
    ticket = message.ticket
    for address in addresses_in(message.addressing, "to", "cc"):
        identity = find_identity(address)
        contact = identity.contact if identity else lock_contact(address)
        if contact.pk != ticket.requester_id:
            Participant.objects.get_or_create(ticket=ticket, contact=contact)
