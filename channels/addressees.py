"""Whom a mail that came names, as its message keeps it: for the page, and for a reply to all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels.mail.addresses import MOST_ADDRESSES
from channels.mail.parsed import ParsedMail
from channels.threads import Mark
from people.operations import Address


def addressing_of(mail: ParsedMail, sender: Address, mark: Mark) -> dict[str, Any]:
    """``more``: it went to more people than were read. ``proved``: it bears a mark that only
    those have who got mail of ours, so its To and Cc may be believed."""
    kept: dict[str, Any] = {"from": [mail.from_name[:120], sender.value]}
    kept |= {"to": _pairs(mail.to), "cc": _pairs(mail.cc)}
    asked = [pair for pair in _pairs(mail.reply_to) if pair[1] != sender.value]
    kept |= {"reply_to": asked[:5]} if asked else {}
    kept |= {"more": True} if max(len(mail.to), len(mail.cc)) >= MOST_ADDRESSES else {}
    return kept | ({"proved": True} if mark.is_public else {})


def _pairs(people: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each address once, in lower case as everywhere else."""
    named = {Address.email(address).value: name[:120] for name, address in reversed(people)}
    return [[name, address] for address, name in reversed(named.items()) if "@" in address]
