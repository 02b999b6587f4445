"""What a channel must be able to do. See ``docs/adding-a-channel.md``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from django.utils.functional import Promise

from channels.capabilities import Capabilities
from channels.happenings import Inbound


class ChannelError(Exception):
    """Something went wrong between us and a channel's provider."""


class Forged(ChannelError):
    """A call that does not prove it comes from the provider."""


class Unreadable(ChannelError):
    """What came cannot be understood; it is suspended."""


class Suspicious(ChannelError):
    """What came is understood, and suspended all the same; ``cause`` is one of a receipt's."""

    def __init__(self, cause: str, why: str, *, sender: str = "", subject: str = "") -> None:
        super().__init__(why)
        self.cause, self.sender, self.subject = cause, sender, subject


class Ignored(ChannelError):
    """What came is rightly not filed, such as our own mail coming back; says why."""


def secret(help_text: str | Promise, **kwargs: Any) -> Any:
    """A setting that is stored encrypted and never shown again."""
    return field(repr=False, metadata={"secret": True, "help_text": help_text}, **kwargs)


def setting(help_text: str | Promise, **kwargs: Any) -> Any:
    return field(metadata={"secret": False, "help_text": help_text}, **kwargs)


@dataclass(frozen=True, kw_only=True)
class WebhookCall:
    """A provider's call at our door. ``body`` are the bytes that were signed.

    ``url`` is our public address of the door with its query, as the provider called it.
    """

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a provider hears at once."""

    status: int = 200
    body: bytes = b"taken"
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Polled:
    """What was found since the last time: raw bodies, each for ``parse``, and where to go on."""

    bodies: tuple[bytes, ...]
    cursor: str


@dataclass(frozen=True, kw_only=True)
class Media:
    """A file fetched from a provider."""

    content: bytes
    name: str = ""
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class RawCall:
    """What came in, exactly as it came."""

    body: bytes
    meta: Mapping[str, Any]
    receipt_id: int


@dataclass(frozen=True, kw_only=True)
class OutboundFile:
    """``content_id`` is that of a picture the HTML shows in its place."""

    name: str
    content_type: str
    key: str
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Together:
    """All whom one call to a provider writes to; formatted, blind copies bare."""

    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OutboundMessage:
    """One message to one person. ``external_id`` is fixed before the first try.

    ``to_header`` and ``cc_header`` name all who get it, each in a message of their own; with
    ``together`` this one goes to all of them.
    """

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
    to_header: str = ""
    cc_header: str = ""
    together: Together | None = None
    is_automatic: bool = False
    files: tuple[OutboundFile, ...] = ()
    thread: str = ""  # the platform's conversation
    in_reply_to: str = ""  # the platform's id of the message this answers
    is_public: bool = False
    is_template: bool = False  # ``text`` names it, ``values`` fill it
    values: tuple[str, ...] = ()
    last_heard_at: datetime | None = None  # when the person last wrote: the window's begin
    reports_to: str = ""  # our address for the provider's reports, where each call names it


class Outcome(Enum):
    SENT = "sent"
    LATER = "later"  # the provider may accept the same message later
    NEVER = "never"  # the provider will never accept it
    UNKNOWN = "unknown"  # handed over, and no answer came
    BLOCKED = "blocked"  # the person wants no message of ours
    CLOSED = "closed"  # the time to answer in this channel has passed
    SIGN_IN = "sign_in"  # our right to the account is gone: all its messages wait


@dataclass(frozen=True, kw_only=True)
class Result:
    """``refused`` are those of ``together`` whom the provider did not take, and why."""

    key: int
    outcome: Outcome
    detail: str = ""
    retry_after: float | None = None
    external_id: str = ""
    thread: str = ""  # where the conversation goes on, if this began another: a private reply
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Adapter(ABC):
    """Translates between one provider's API and our messages.

    A subclass is a frozen dataclass. Its fields are the account's settings, and the
    console builds the settings form from them.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    capabilities: ClassVar[Capabilities] = Capabilities()
    #: Kinds with the same word here may share one app, whose calls all come to one address.
    app: ClassVar[str] = ""
    #: What to do at the platform, in order; ``{webhook}`` is our address for its calls.
    steps: ClassVar[tuple[str | Promise, ...]] = ()
    registry: ClassVar[dict[str, type[Adapter]]] = {}
    do_not_call_in_templates: ClassVar[bool] = True  # a template asks the class, and makes none

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Adapter.registry[cls.kind] = cls

    @abstractmethod
    def verify(self, call: WebhookCall) -> None:
        """Raise ``Forged`` unless the provider itself made this webhook call."""

    def handshake(self, call: WebhookCall) -> Reply | None:
        """The answer to a provider that tries the address out; None for an ordinary call.

        Raises ``Forged`` when it does not know our secret.
        """
        return None

    def answer(self, call: WebhookCall) -> Reply:
        """What the provider hears once the call is stored."""
        return Reply()

    def concerns(self, call: WebhookCall) -> bool:
        """Whether a call at the address of another account of one ``app`` is for this one, too.

        It must prove itself to this account as well.
        """
        return False

    def check(self, webhook: str) -> str | None:
        """Ask the provider whether these settings work: what is wrong, in words, or "".

        ``webhook`` is our address for its calls; where the provider takes it by API, it is told.
        None where there is nothing to ask: only a message will show.
        """
        return None

    def poll(self, cursor: str) -> Polled | None:
        """What is new since ``cursor`` ("" at first); None where the provider calls us."""
        return None

    def fetch(self, source: Mapping[str, str]) -> Media:
        """The file that ``InboundFile.source`` refers to. Raises ``OSError`` to try again."""
        raise Unreadable(f"{self.label} has no files to fetch")

    @abstractmethod
    def parse(self, call: RawCall) -> Iterator[Inbound]:
        """Everything in a call, each entry and each event of it.

        Raises ``Unreadable``, ``Suspicious`` or ``Ignored``.
        """

    @property
    def sends_together(self) -> bool:
        """Whether one message goes to all its recipients in one call, as its headers name them.

        Otherwise each gets one of their own, with the same headers.
        """
        return False

    @abstractmethod
    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        """Send each message, over one connection where the provider allows it."""
