"""Marks that we put into outgoing mail, and that prove where an answer belongs.

Two marks, both keyed: the address ``support+t<ticket>.<mac>@`` that a reply goes to, and
the Message-ID ``<harbour.<ticket>.<key>.<mac>@domain>`` that a reply refers to. Neither can
be made by somebody who only knows a ticket's number.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from django.conf import settings

from support.crypto import is_our_mac, short_mac

_PLUS = re.compile(r"\+t(\d{1,18})\.([a-z2-7]{26})@", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<?harbour\.(\d{1,18})\.([a-z0-9]{8,40})\.([a-z2-7]{16,30})@", re.I)
_MAC_BITS = 80


def reply_address(mailbox: str, ticket_id: int) -> str:
    """``support@example.com`` with the ticket's signed mark after a plus."""
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+t{ticket_id}.{short_mac('reply', str(ticket_id))}@{domain}"


def base_address(address: str) -> str:
    """The mailbox of an address, in lower case, without what follows a plus."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    return f"{local.split('+', 1)[0]}@{domain}"


def ticket_of_address(addresses: Iterable[str]) -> int | None:
    """The ticket proved by one of the recipient addresses, if any."""
    for address in addresses:
        if (found := _PLUS.search(address)) and is_our_mac(found[2], "reply", found[1]):
            return int(found[1])
    return None


def new_message_id(ticket_id: int, key: str = "") -> str:
    """A Message-ID of ours for a mail about this ticket; with ``key``, always the same."""
    key = key or secrets.token_hex(8)
    mac = short_mac("message-id", str(ticket_id), key, bits=_MAC_BITS)
    return f"<harbour.{ticket_id}.{key}.{mac}@{settings.HARBOUR_MAIL_DOMAIN}>"


def ticket_of_message_id(message_id: str) -> int | None:
    """The ticket that a Message-ID of ours names; None when it is not truly ours."""
    found = _MESSAGE_ID.search(message_id)
    if found and is_our_mac(found[3], "message-id", found[1], found[2].lower(), bits=_MAC_BITS):
        return int(found[1])
    return None


def root_id(ticket_id: int) -> str:
    """One id for all mail of a ticket, so that mail programs show it as one thread."""
    return new_message_id(ticket_id, key="root0000")
