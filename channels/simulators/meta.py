"""What the simulators of Meta's products share: the Graph API, its refusals, its signatures.

All four are products of one app; Messenger and the comments are those of one Page. Their tokens
differ, and say whose call it is.
"""

from __future__ import annotations

import hmac
import json
import re
import time
from abc import abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zlib import crc32

from channels.capabilities import Unit
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.simulators.telegram import PIXEL
from channels.splitting import measure

APP_SECRET = "simulated-app-secret"  # noqa: S105 - opens nothing but this simulator
VERIFY_TOKEN = "simulated-verify-token"  # noqa: S105
PAGE = "104211109100001"
GRAPH, INSTAGRAM_GRAPH = "graph.facebook.com", "graph.instagram.com"
FILES = "scontent.xx.fbcdn.net"
_PATH = re.compile(r"/(?:v\d+\.\d+/)?(?P<node>[^/]*)(?:/(?P<edge>[^/]*))?/?")


@dataclass(frozen=True)
class Refusal:
    """One of Meta's errors."""

    code: int
    words: str
    subcode: int = 0
    status: int = 400

    def answered(self) -> Answered:
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self.words}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "Asimulated",
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        return Answered.of({"error": error}, status=self.status)


_REFUSALS = {
    "429": Refusal(4, "Application request limit reached"),
    "500": Refusal(2, "Service temporarily unavailable", status=500),
    "blocked": Refusal(551, "This person isn't available right now.", 1545041),
    "window_closed": Refusal(
        10, "This message is sent outside of allowed window.", 2018278, status=403
    ),
    "bad_token": Refusal(
        190, "Error validating access token: the session has been invalidated.", 460, status=401
    ),
}


class MetaSimulator(Simulator):
    """One product, of one account: ``own_id`` is what its calls name it by."""

    hosts: ClassVar[Sequence[str]] = (GRAPH, FILES)
    product: ClassVar[str]
    own_id: ClassVar[str]
    refusals: ClassVar[Mapping[str, Refusal]] = {}

    @classmethod
    def claims(cls, asked: Asked) -> bool:
        """By its token; whoever has none of them is refused by the one whose path it is."""
        if asked.host != GRAPH:
            return True
        meta = [each for each in Simulator.registry.values() if issubclass(each, MetaSimulator)]
        token = _bearer(asked)
        if token in {each.account()["access_token"] for each in meta}:
            return bool(token == cls.account()["access_token"])
        return cls.owns(place(asked)[0])

    @classmethod
    @abstractmethod
    def owns(cls, node: str) -> bool:
        """Whether an object of the Graph is one of this product's."""

    def calls(self, said: Said) -> list[Called]:
        entry = {"id": self.own_id, "time": int(time.time()), **self.entry(said)}
        # As Meta writes JSON: ASCII only, and each slash escaped.
        body = json.dumps({"object": self.product, "entry": [entry]}).replace("/", "\\/").encode()
        return [_signed(body, APP_SECRET)]

    @abstractmethod
    def entry(self, said: Said) -> dict[str, Any]:
        """What the call holds besides the account and the time."""

    def forged(self, call: Called) -> Called:
        return replace(call, headers=_signed(call.body, "somebody-else").headers)

    def failure(self, fault: str) -> Answered:
        return {**_REFUSALS, **self.refusals}[fault].answered()

    def is_errand(self, asked: Asked) -> bool:
        """Files, and a token's renewal; what tries the account out is none."""
        node, edge = place(asked)
        is_file = asked.host not in (GRAPH, INSTAGRAM_GRAPH) or edge == "media"
        return is_file or (asked.method == "GET" and node not in ("me", self.own_id))

    def answer(self, asked: Asked) -> Answered:
        if asked.host == FILES:
            return picture()
        if _bearer(asked) != self.settings.get("access_token"):
            return self.failure("bad_token")
        node, edge = place(asked)
        if asked.method == "GET":
            return self.shown(node)
        try:
            return self.posted(node, edge, asked.fields())
        except (ValueError, KeyError, TypeError, AttributeError):
            return Refusal(100, "Invalid parameter").answered()

    def shown(self, node: str) -> Answered:
        """An object of the Graph."""
        if node not in ("me", self.own_id):
            return missing(node)
        return Answered.of({"id": self.own_id, "name": "Harbour"})

    @abstractmethod
    def posted(self, node: str, edge: str, given: dict[str, Any]) -> Answered:
        """What comes of a post to ``edge`` of ``node``."""

    def hear(self, said: Said, number: str, thread: str) -> None:
        self.tape.add(
            id=number, direction="in", thread=thread, person=said.person, text=said.text,
            file=said.file, is_public=said.is_public,
        )  # fmt: skip

    def silent(self, thread: str) -> timedelta | None:
        """How long ago the customer wrote last; None: never."""
        heard = [line.at for line in self.tape.lines(thread) if line.direction == "in"]
        return datetime.now(UTC) - datetime.fromisoformat(heard[-1]) if heard else None

    def reply_privately(self, comment: str, text: str) -> Answered:
        """One message in private to whoever commented, and no second."""
        lines = [line for line in self.tape.lines() if line.id == comment]
        if not lines:
            return missing(comment)
        if self.tape.recall(f"replied:{comment}"):
            return Refusal(10900, "Activity already replied to").answered()
        self.tape.remember(f"replied:{comment}", "yes")
        person = person_id(lines[0].person)
        kept = self.keep(id=self.mid(), thread=person, person=lines[0].person, text=text)
        return Answered.of({"recipient_id": person, "message_id": kept.id})

    def mid(self) -> str:
        """An id as Messenger and Instagram make them."""
        return "m_" + urlsafe_b64encode(f"{self.kind}:{self.number()}".encode()).decode()


def account(kind: str, **values: Any) -> dict[str, Any]:
    token = f"EAAsimulated-token-{kind}"
    return {"access_token": token, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN, **values}


def place(asked: Asked) -> tuple[str, str]:
    """The node of the Graph and its edge."""
    found = _PATH.fullmatch(asked.path)
    return (found["node"], found["edge"] or "") if found else ("", "")


def missing(node: str) -> Answered:
    return Refusal(100, f"Object with ID '{node[:80]}' does not exist", 33).answered()


def too_long(text: str, most: int, unit: Unit = Unit.CHARACTERS) -> Answered | None:
    if 0 < measure(text, unit) <= most:
        return None
    return Refusal(100, f"Length of the text must be from 1 to {most}").answered()


def picture() -> Answered:
    return Answered(body=PIXEL, content_type="image/png")


def person_id(person: str) -> str:
    """An id of one person for this app: always the same for a name."""
    return person if person.isdecimal() else f"62{crc32(person.encode()):014d}"


def milliseconds() -> int:
    return int(time.time() * 1000)


def _bearer(asked: Asked) -> str:
    return asked.headers.get("Authorization", "").removeprefix("Bearer ")


def _signed(body: bytes, secret: str) -> Called:
    proof = "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
    return Called(
        body=body, headers={"Content-Type": "application/json", "X-Hub-Signature-256": proof}
    )
