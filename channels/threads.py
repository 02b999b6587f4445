"""Marks that we put into outgoing mail, and that prove where an answer belongs.

Two kinds, both keyed. An address has its mark after a plus: ``+t<ticket>.<mac>`` for answers
to a ticket, ``+s<side thread>.<mac>``, ``+a<ticket>-<user>.<mac>`` for an agent's answers, and
``+b<delivery>.<mac>`` for bounces. A Message-ID is ``<harbour.<ticket>.<key>.<mac>@domain>``,
where the key begins with ``s<side thread>x`` or ``a<user>x`` in mail of those kinds. In the quoted
text of a mail stands ``ref:t<ticket>.<mac>``. None of them can be made by somebody who only
knows a number.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings

from support.crypto import is_our_mac, short_mac

_PLUS = re.compile(r"\+([tsab])([0-9]{1,18}(?:-[0-9]{1,18})?)\.([a-z2-7]{26})@", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<?harbour\.([0-9]{1,18})\.([a-z0-9]{8,60})\.([a-z2-7]{16})@", re.I)
_IN_TEXT = re.compile(r"\bref:(t)([0-9]{1,18})\.([a-z2-7]{26})(?![a-z0-9])", re.IGNORECASE)
_KEY = re.compile(r"([sa])([0-9]{1,18})x")
_PURPOSES = {"t": "reply", "s": "side-thread", "a": "agent", "b": "bounce"}
_MAC_BITS = 80


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a mark of ours proves; None where it says nothing."""

    ticket_id: int | None = None
    side_thread_id: int | None = None
    agent_id: int | None = None
    delivery_id: int | None = None

    @property
    def is_public(self) -> bool:
        """Whether it leads to the talk with the customer, and not to one beside it."""
        return self.ticket_id is not None and self.side_thread_id is None and self.agent_id is None


def reply_address(mailbox: str, ticket_id: int) -> str:
    """``support@example.com`` with the ticket's signed mark after a plus."""
    return _marked(mailbox, "t", str(ticket_id))


def side_thread_address(mailbox: str, side_thread_id: int) -> str:
    return _marked(mailbox, "s", str(side_thread_id))


def agent_address(mailbox: str, ticket_id: int, user_id: int) -> str:
    """Where this agent, and nobody else, answers the customer of this ticket."""
    return _marked(mailbox, "a", f"{ticket_id}-{user_id}")


def bounce_address(mailbox: str, delivery_id: int) -> str:
    """The envelope sender of one delivery, which a bounce of it comes back to (VERP)."""
    return _marked(mailbox, "b", str(delivery_id))


def body_mark(ticket_id: int) -> str:
    """For the quoted text of a mail: providers that rewrite Message-IDs leave it alone."""
    return f"ref:t{ticket_id}.{short_mac('reply', str(ticket_id))}"


def mark_in_text(*texts: str) -> Mark | None:
    """The first mark of ``body_mark`` in these texts that is truly ours."""
    hits = (found for text in texts for found in _IN_TEXT.finditer(text))
    return next((mark for hit in hits if (mark := _of_plus(*hit.groups()))), None)


def _marked(mailbox: str, letter: str, about: str) -> str:
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{letter}{about}.{short_mac(_PURPOSES[letter], about)}@{domain}"


def base_address(address: str) -> str:
    """The mailbox of an address, in lower case, without what follows a plus."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    return f"{local.split('+', 1)[0]}@{domain}"


def marks_of_addresses(addresses: Iterable[str]) -> Iterator[Mark]:
    """What each recipient address proves, in order; the others are passed over."""
    for address in addresses:
        if (found := _PLUS.search(address)) and (mark := _of_plus(*found.groups())):
            yield mark


def _of_plus(letter: str, about: str, mac: str) -> Mark | None:
    letter = letter.lower()
    first, dash, second = about.partition("-")
    if bool(dash) != (letter == "a") or not is_our_mac(mac, _PURPOSES[letter], about):
        return None
    if letter == "a":
        return Mark(ticket_id=int(first), agent_id=int(second))
    if letter == "s":
        return Mark(side_thread_id=int(first))
    return Mark(delivery_id=int(first)) if letter == "b" else Mark(ticket_id=int(first))


def new_message_id(
    ticket_id: int, key: str = "", *, side_thread_id: int | None = None, agent_id: int | None = None
) -> str:
    """A Message-ID of ours for a mail about this ticket; with ``key``, always the same."""
    key = key or secrets.token_hex(8)
    if side_thread_id is not None:
        key = f"s{side_thread_id}x{key}"
    elif agent_id is not None:
        key = f"a{agent_id}x{key}"
    mac = short_mac("message-id", str(ticket_id), key, bits=_MAC_BITS)
    return f"<harbour.{ticket_id}.{key}.{mac}@{settings.HARBOUR_MAIL_DOMAIN}>"


def mark_of_message_id(message_id: str) -> Mark | None:
    """What a Message-ID of ours says; None when it is not truly ours."""
    found = _MESSAGE_ID.search(message_id)
    if not found:
        return None
    ticket, key = found[1], found[2].lower()
    if not is_our_mac(found[3], "message-id", ticket, key, bits=_MAC_BITS):
        return None
    beside = _KEY.match(key)
    return Mark(
        ticket_id=int(ticket),
        side_thread_id=int(beside[2]) if beside and beside[1] == "s" else None,
        agent_id=int(beside[2]) if beside and beside[1] == "a" else None,
    )


def ticket_of_message_id(message_id: str) -> int | None:
    """The ticket that a Message-ID of ours names; None when it is not truly ours."""
    mark = mark_of_message_id(message_id)
    return mark.ticket_id if mark else None


def root_id(ticket_id: int) -> str:
    """One id for all mail of a ticket, so that mail programs show it as one thread."""
    return new_message_id(ticket_id, key="root0000")
