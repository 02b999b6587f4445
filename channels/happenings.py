"""What a platform tells us besides messages: edits, receipts, calls. All are stored and dated.

Each names its conversation (``thread``, the platform's own key) and, where it is about an
earlier message, that message's id (``about``) as the platform gave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from people.operations import Address
from tickets.inbound import InboundFile, InboundMessage


@dataclass(frozen=True, kw_only=True)
class Happening:
    """``external_id`` is unique per account: the same happening told twice changes nothing."""

    external_id: str
    at: datetime
    sender: Address | None = None
    thread: str = ""
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Edited(Happening):
    """The sender changed a message. The former words stay in the history."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Deleted(Happening):
    """The sender took a message back: its words must go (X and Meta demand it)."""


class Stage(StrEnum):
    """How far one of our messages got. A later stage never gives way to an earlier one."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Progress(Happening):
    """``about`` is our message, by the platform's id; ``key`` our own, where it is given back.

    ``until`` is a watermark: all our messages of the thread up to then got this far.
    """

    stage: Stage
    key: str = ""
    until: datetime | None = None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Reacted(Happening):
    """``emoji`` is empty when the reaction was taken away."""

    emoji: str = ""


@dataclass(frozen=True, kw_only=True)
class Echo(Happening):
    """Our account wrote this elsewhere, such as in the platform's own app."""

    text: str
    to: Address | None = None
    files: tuple[InboundFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OptedOut(Happening):
    """The person blocked us or sent STOP: nothing may be sent to ``sender`` any more."""


@dataclass(frozen=True, kw_only=True)
class OptedIn(Happening):
    """The person follows us, began the bot or sent START: we may write (again)."""


@dataclass(frozen=True, kw_only=True)
class Called(Happening):
    """A telephone call ended, or changed its state. ``seconds`` is None until it ended."""

    state: str
    seconds: int | None = None
    files: tuple[InboundFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pressed(Happening):
    """A button or menu entry of ours was chosen; ``payload`` is what we put into it."""

    payload: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Moved(Happening):
    """The conversation goes on under another key, or the person under another address."""

    to_thread: str = ""
    to: Address | None = None


@dataclass(frozen=True, kw_only=True)
class Revoked(Happening):
    """The platform withdrew our right to the account: somebody must sign in again."""

    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Unknown(Happening):
    """A type that we do not know: counted and shown, answered as taken."""

    what: str
    raw: dict[str, object] = field(default_factory=dict)


Inbound: TypeAlias = InboundMessage | Happening
