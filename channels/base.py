"""What a channel must be able to do. See ``docs/adding-a-channel.md``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from tickets.inbound import InboundMessage


class ChannelError(Exception):
    """Something went wrong between us and a channel's provider."""


class Forged(ChannelError):
    """A call that does not prove it comes from the provider."""


class Unreadable(ChannelError):
    """What came can never be understood; it goes to quarantine."""


class Ignored(ChannelError):
    """What came is rightly not filed, such as our own mail coming back; says why."""


def secret(help_text: str, **kwargs: Any) -> Any:
    """A setting that is stored encrypted and never shown again."""
    return field(repr=False, metadata={"secret": True, "help_text": help_text}, **kwargs)


def setting(help_text: str, **kwargs: Any) -> Any:
    return field(metadata={"secret": False, "help_text": help_text}, **kwargs)


@dataclass(frozen=True, kw_only=True)
class RawCall:
    """What came in, exactly as it came."""

    body: bytes
    meta: Mapping[str, Any]
    receipt_id: int


@dataclass(frozen=True, kw_only=True)
class OutboundFile:
    name: str
    content_type: str
    key: str


@dataclass(frozen=True, kw_only=True)
class OutboundMessage:
    """One message to one person. ``external_id`` is fixed before the first try."""

    key: int
    to: str
    text: str
    external_id: str
    subject: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    from_name: str = ""
    reply_to: str = ""
    sender: str = ""
    is_automatic: bool = False
    files: tuple[OutboundFile, ...] = ()


class Outcome(Enum):
    SENT = "sent"
    LATER = "later"  # the provider may accept the same message later
    NEVER = "never"  # the provider will never accept it
    UNKNOWN = "unknown"  # handed over, and no answer came


@dataclass(frozen=True, kw_only=True)
class Result:
    key: int
    outcome: Outcome
    detail: str = ""
    retry_after: float | None = None
    external_id: str = ""


@dataclass(frozen=True)
class Adapter(ABC):
    """Translates between one provider's API and our messages.

    A subclass is a frozen dataclass. Its fields are the account's settings, and the
    console builds the settings form from them.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    registry: ClassVar[dict[str, type[Adapter]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Adapter.registry[cls.kind] = cls

    @abstractmethod
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise ``Forged`` unless the provider itself made this webhook call."""

    @abstractmethod
    def parse(self, call: RawCall) -> Iterator[InboundMessage]:
        """The messages in a call; none when it is about something else.

        Raises ``Unreadable`` or ``Ignored``.
        """

    @abstractmethod
    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        """Send each message, over one connection where the provider allows it."""
