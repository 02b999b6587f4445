"""What a channel can do, as data: the composer, the splitter, the sender and the rules read it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum


class Unit(StrEnum):
    """In what a platform counts the length of a text."""

    CHARACTERS = "characters"  # Unicode code points
    UTF16 = "utf16"  # UTF-16 code units: an emoji counts two
    BYTES = "bytes"  # of UTF-8
    WEIGHTED = "weighted"  # X: a Chinese character counts two, a link 23


class Outside(StrEnum):
    """What may be sent when the window for replies has closed."""

    NOTHING = "nothing"
    TEMPLATE = "template"  # one that the platform approved
    ANYTHING = "anything"  # there is no window


@dataclass(frozen=True, kw_only=True)
class Window:
    """How long after the customer's last message we may write, and how much.

    ``human`` is the longer time that a person, and no rule, may use. ``messages`` is the most for
    each message of the customer's.
    """

    length: timedelta | None = None
    human: timedelta | None = None
    messages: int | None = None
    outside: Outside = Outside.ANYTHING


@dataclass(frozen=True, kw_only=True)
class Files:
    """What may be attached. ``by`` is how: uploaded with the call, or fetched from a public URL."""

    most_bytes: int = 0
    types: tuple[str, ...] = ()  # empty: any
    by: str = "upload"

    @property
    def are_taken(self) -> bool:
        return self.most_bytes > 0


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """The limits of one channel. Lengths count ``unit``; rates are messages a second."""

    text: int = 100_000
    public_text: int = 0  # of a public answer; 0: as any other
    public_unit: Unit | None = None  # in what it counts; None: as any other
    unit: Unit = Unit.CHARACTERS
    caption: int = 0  # 0: a file bears no words of its own
    most_parts: int = 10
    markup: str = "none"  # none | html | whatsapp | email
    files: Files = field(default_factory=Files)
    window: Window = field(default_factory=Window)
    is_public: bool = False
    may_go_private: bool = False
    tells_delivered: bool = False
    tells_read: bool = False
    takes_edits: bool = False
    takes_deletes: bool = False
    is_idempotent: bool = False  # the provider drops a repeated send by our key
    per_second: float | None = None
    per_conversation: float | None = None  # messages a second to one conversation
    answer_within: timedelta = timedelta(seconds=5)

    def for_answer(self, *, is_public: bool) -> Capabilities:
        """What holds for an answer that everybody can read, or for one that nobody else can."""
        if not (is_public and self.public_text):
            return self
        return replace(self, text=self.public_text, unit=self.public_unit or self.unit)
