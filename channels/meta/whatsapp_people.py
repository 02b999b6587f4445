"""Who writes on WhatsApp: by number, by the id that Meta gives them for our business, or by both.

Since 2026 people may hide their number; then only the id is told ("US.1349…", a business-scoped
user id). It is given anew when the number changes. The conversation is keyed by the id where there
is one, since the number may go missing in the middle of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels.meta.calls import Element
from people.operations import Address

KIND = "whatsapp"
#: A country, and what Meta made up; of a group of businesses with ENT between the two.
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_GROUP = "group:"


@dataclass(frozen=True)
class Person:
    """One of a conversation, with all the names that WhatsApp gives at once."""

    number: str = ""
    user_id: str = ""
    name: str = ""

    @property
    def address(self) -> Address:
        """The number if it is told, which people know each other by. Raises ``ValueError``."""
        value = self.number or self.user_id
        if not value:
            raise ValueError("nobody")
        return Address(KIND, value, name=self.name[:120])

    @property
    def also(self) -> tuple[Address, ...]:
        both = self.number and self.user_id
        return (Address(KIND, self.user_id, name=self.name[:120]),) if both else ()

    @property
    def thread(self) -> str:
        return self.user_id or self.number


def sender(message: Element, contacts: object) -> Person:
    """Who wrote ``message``; ``contacts`` say more of all who are named in the call."""
    return _known(_digits(message.get("from")), str(message.get("from_user_id") or ""), contacts)


def recipient(message: Element, contacts: object) -> Person:
    """Whom our own message went to."""
    return _known(_digits(message.get("to")), str(message.get("to_user_id") or ""), contacts)


def told_of(status: Element, contacts: object) -> Person:
    """Whom a status is about. In a group, the one of them."""
    number = status.get("recipient_participant_id") or status.get("recipient_id")
    return _known(_digits(number), str(status.get("recipient_user_id") or ""), contacts)


def group(number: object) -> str:
    return f"{_GROUP}{number}"


def to_fields(address: str) -> dict[str, str]:
    """How a message names whom it is for."""
    if address.startswith(_GROUP):
        return {"recipient_type": "group", "to": address.removeprefix(_GROUP)}
    name = "recipient" if _USER_ID.fullmatch(address) else "to"
    return {"recipient_type": "individual", name: address}


def _known(number: str, user_id: str, contacts: object) -> Person:
    entry = _entry(number, user_id, contacts)
    profile = entry.get("profile") or {}
    name = str(profile.get("name") or profile.get("username") or entry.get("username") or "")
    return Person(
        number or _digits(entry.get("wa_id")), user_id or str(entry.get("user_id") or ""), name
    )


def _entry(number: str, user_id: str, contacts: object) -> dict[str, Any]:
    found: Sequence[Any] = contacts if isinstance(contacts, list) else ()
    entries = [each for each in found if isinstance(each, dict)]
    for entry in entries:
        if user_id and entry.get("user_id") == user_id:
            return entry
        if number and _digits(entry.get("wa_id")) == number:
            return entry
    # Old calls name their one person only here.
    return entries[0] if len(entries) == 1 and not number and not user_id else {}


def _digits(number: object) -> str:
    return re.sub(r"\D", "", str(number or ""))
