"""The shape in which every channel hands us a customer's message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    source: dict[str, str] = field(default_factory=dict)  # where the channel's provider keeps it


@dataclass(frozen=True, kw_only=True)
class InboundMessage:
    """``external_id`` is the provider's id: the same one is filed once per inbox.

    ``ticket_id`` names the ticket by proof (a signed address or link), ``side_thread_id`` a
    talk beside it, ``agent_id`` an agent who was invited to answer there. ``references``
    are ids of earlier messages, nearest first. ``subject_reference`` is a ticket number
    read from the subject: it counts only when the sender takes part in that ticket.
    ``is_imported``: old mail from before our time; nothing may follow from it.
    ``as_stranger``: an agent put it on ``ticket_id``; who wrote it, nobody vouches for.
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
    side_thread_id: int | None = None
    agent_id: int | None = None
    references: tuple[str, ...] = ()
    subject_reference: str = ""
    category: str = ""
    language: str = ""
    is_verified: bool = False
    is_automatic: bool = False
    is_imported: bool = False
    as_stranger: bool = False
    fingerprint: str = ""  # tells another message under the same id
    addressing: dict[str, Any] = field(default_factory=dict)
    never_acknowledge: str = ""  # the rule that forbids an answer, or ""
    files: tuple[InboundFile, ...] = ()
    participants: tuple[Address, ...] = ()
    also: tuple[Address, ...] = ()  # the sender's other addresses, by the same proof
    is_public: bool = False  # a comment or mention that everybody can read
    receipt_id: int | None = None
    meta: dict[str, str] = field(default_factory=dict)
