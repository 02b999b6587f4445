"""A provider played by ourselves: it speaks the real wire shapes, signs, and keeps its rules.

The demo and the contract tests stand on it. Adapters reach it because ``HARBOUR_PROVIDERS`` sends
every provider's host to ``/simulators/at/<host>/``; what a customer says becomes the webhook calls
that the provider would make. See ``docs/adding-a-channel.md``.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from channels.simulators.tape import Heard, Tape

#: What a simulator can be told to do to our next calls (``faults``) or to its own (``habits``).
FAULTS = ("429", "500", "accept_then_hang_up", "blocked", "window_closed", "bad_token")
HABITS = ("duplicate", "shuffle", "wrong_signature")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call of ours to the provider's API. ``path`` is without the host, and unquoted."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Raises ``ValueError``."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def fields(self) -> dict[str, Any]:
        """JSON or a form, as it says; of a file, its name under ``file``. Raises ``ValueError``."""
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            return dict(self.json())
        if not kind.startswith("multipart/form-data"):
            return {**self.form()}
        fields = {}
        mark = kind.partition("boundary=")[2].encode()
        for part in self.body.split(b"--" + mark)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            name = re.search(rb'[ ;]name="([^"]*)"', head)
            file = re.search(rb'filename="([^"]*)"', head)
            if name and file:
                fields["file"] = file[1].decode()
            elif name:
                fields[name[1].decode()] = content.removesuffix(b"\r\n").decode()
        return fields


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the provider's API answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Answered:
        body = json.dumps(value, ensure_ascii=False).encode()
        named = {name.replace("_", "-"): each for name, each in headers.items()}
        return cls(status=status, body=body, headers=named)


@dataclass(frozen=True, kw_only=True)
class Called:
    """A webhook call that the provider makes to us."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a customer does in the channel. ``act``: message, edit, delete, press, block, start.

    ``about`` is the id of the message that is edited, deleted, pressed or answered.
    """

    person: str
    text: str = ""
    name: str = ""
    act: str = "message"
    about: str = ""
    thread: str = ""
    file: str = ""  # the name of a picture that the provider keeps for us
    is_public: bool = False


class Simulator(ABC):
    """``settings`` are those of the account that it belongs to; ``tape`` is what happened."""

    kind: ClassVar[str]
    label: ClassVar[str]
    hosts: ClassVar[Sequence[str]]
    registry: ClassVar[dict[str, type[Simulator]]] = {}
    #: What one can do as a customer here, besides writing.
    acts: ClassVar[Sequence[str]] = ("message",)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if kind := getattr(cls, "kind", ""):
            Simulator.registry[kind] = cls

    def __init__(self, settings: Mapping[str, Any], tape: Tape | None = None) -> None:
        self.settings, self.tape = settings, tape or Tape(self.kind)

    @staticmethod
    @abstractmethod
    def account() -> dict[str, Any]:
        """The settings of an account that this simulator would accept."""

    @classmethod
    def claims(cls, asked: Asked) -> bool:
        """Whether a call to one of ``hosts``, which others may have too, is for this one."""
        return True

    @abstractmethod
    def calls(self, said: Said) -> list[Called]:
        """The webhook calls, signed, by which we hear of it; several when the provider batches."""

    @abstractmethod
    def answer(self, asked: Asked) -> Answered:
        """The provider's API: checks the token, lengths and windows; keeps what was sent."""

    @abstractmethod
    def failure(self, fault: str) -> Answered:
        """The provider's own words for one of ``FAULTS``."""

    @abstractmethod
    def forged(self, call: Called) -> Called:
        """The same call with a signature of somebody else's."""

    def is_errand(self, asked: Asked) -> bool:
        """Whether the call only prepares another, such as for a token: no fault meets it."""
        return False

    def keep(self, **values: Any) -> Heard:
        """Remember what we sent to a customer; its id is the provider's."""
        return self.tape.add(direction="out", **values)

    def number(self) -> int:
        """The next id of this provider."""
        return self.tape.number()
