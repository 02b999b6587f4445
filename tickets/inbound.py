"""The shape in which every channel hands us a customer's message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from people.operations import Address


@dataclass(frozen=True, kw_only=True)
class InboundFile:
    """An attachment. ``key`` is where storage holds it; "" means it is still to be stored."""

    name: str
    content_type: str
    size: int
    sha256: str
    key: str = ""
    content_id: str = ""
    is_inline: bool = False
    part: int = 0  # position in the receipt's mail, to fetch it again


@dataclass(frozen=True, kw_only=True)
class InboundMessage:
    """``external_id`` is the provider's id: the same one is filed once per inbox.

    ``ticket_id`` names the ticket by proof (a signed address or link). ``references``
    are ids of earlier messages, nearest first. ``subject_reference`` is a ticket number
    read from the subject: it counts only when the sender takes part in that ticket.
    """

    external_id: str
    sender: Address
    text: str
    sent_at: datetime
    quoted: str = ""
    html: str = ""
    subject: str = ""
    thread: str = ""
    ticket_id: int | None = None
    references: tuple[str, ...] = ()
    subject_reference: str = ""
    category: str = ""
    language: str = ""
    is_verified: bool = False
    is_automatic: bool = False
    never_acknowledge: str = ""  # the rule that forbids an answer, or ""
    files: tuple[InboundFile, ...] = ()
    participants: tuple[Address, ...] = ()
    receipt_id: int | None = None
    meta: dict[str, str] = field(default_factory=dict)
