"""LINE Official Accounts: events by webhook, answers by push messages.

https://developers.line.biz/en/reference/messaging-api/ and its OpenAPI files (July 2026). A push
bears ``X-Line-Retry-Key``: the same message sent again within a day is dropped by LINE, so an
answer that never came may be asked for again. The free reply token lives for about a minute and
is not used: agents are slower.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext_lazy as _

from channels import wire
from channels.base import (
    Adapter,
    Media,
    OutboundMessage,
    Outcome,
    RawCall,
    Result,
    Unreadable,
    WebhookCall,
    secret,
)
from channels.capabilities import Capabilities, Unit
from channels.happenings import (
    Deleted,
    Edited,
    Happening,
    Inbound,
    OptedIn,
    OptedOut,
    Pressed,
    Unknown,
)
from channels.proofs import base64_of, require_hmac
from people.operations import Address
from support import http
from support.http import Answer
from tickets.inbound import InboundFile, InboundMessage

API = "https://api.line.me/v2/bot"
CONTENT = "https://api-data.line.me/v2/bot/message"
_LARGEST = 200 * 1024 * 1024
_MONTHLY = "monthly limit"


@dataclass(frozen=True, kw_only=True)
class Line(Adapter):
    kind = "line"
    label = "LINE"
    capabilities = Capabilities(
        text=5000, unit=Unit.UTF16, is_idempotent=True, takes_edits=True, takes_deletes=True,
        per_second=100,
    )  # fmt: skip

    steps = (
        _("In LINE Developers make a Messaging API channel of your Official Account."),
        _("Copy the channel secret (Basic settings) and a long-lived access token."),
        _("Enter {webhook} as the webhook URL, switch webhooks on, and press Verify."),
        _("Switch “webhook redelivery” on, and the automatic replies off."),
    )

    channel_secret: str = secret(_("LINE Developers, Basic settings; two by comma while changing."))
    access_token: str = secret(_("A long-lived channel access token, Messaging API."))

    def verify(self, call: WebhookCall) -> None:
        claimed = call.headers.get("X-Line-Signature", "")
        require_hmac(claimed, self.channel_secret, call.body, encode=base64_of)

    def check(self, webhook: str) -> str:
        answer = wire.get(f"{API}/info", headers=self._proof)
        said = json.loads(answer.body or b"{}") if not answer.is_ok else {}
        return "" if answer.is_ok else str(said.get("message") or answer.status)

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        """An empty list of events is the console's own test."""
        try:
            for event in json.loads(call.body)["events"]:
                yield from _understood(event, call.receipt_id)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"no events of LINE's: {type(error).__name__}") from error

    def fetch(self, source: Mapping[str, str]) -> Media:
        """The content of a message; 202 while LINE still converts it."""
        url = wire.place(f"{CONTENT}/{source['message_id']}/content")
        answer = http.get(url, headers=self._proof, limit=_LARGEST, seconds=120)
        if answer.status != 200:
            raise OSError(f"LINE does not give out the content ({answer.status})")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        return Media(content=answer.body, content_type=kind)

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            yield wire.settle(
                message,
                lambda message=message: self._push(message),  # type: ignore[misc]
                lambda answer, message=message: _result(message, answer),  # type: ignore[misc]
            )

    def _push(self, message: OutboundMessage) -> Answer:
        key = str(uuid5(NAMESPACE_URL, message.external_id))
        body = {"to": message.thread or message.to, "messages": [_content(message)]}
        headers = {**self._proof, "X-Line-Retry-Key": key}
        return wire.post(f"{API}/message/push", json=body, headers=headers)

    @property
    def _proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


def _content(message: OutboundMessage) -> dict[str, Any]:
    return {"type": "text", "text": message.text}


def _result(message: OutboundMessage, answer: Answer) -> Result:
    """409 says that this very message was accepted before; 429 may be for the whole month."""
    said = json.loads(answer.body or b"{}")
    if answer.is_ok or (answer.status == 409 and "x-line-accepted-request-id" in answer.headers):
        sent = said.get("sentMessages") or [{}]
        number = str(sent[0].get("id") or answer.headers.get("x-line-accepted-request-id", ""))
        return Result(key=message.key, outcome=Outcome.SENT, external_id=number)
    why = str(said.get("message", ""))[:300]
    return Result(
        key=message.key, outcome=_outcome(answer.status, why), detail=f"{answer.status} {why}"
    )


def _outcome(status: int, why: str) -> Outcome:
    if status == 429:
        return Outcome.NEVER if _MONTHLY in why else Outcome.LATER
    if status in (401, 403):
        return Outcome.SIGN_IN
    if status == 400 and "Failed to send messages" in why:
        return Outcome.BLOCKED
    return Outcome.UNKNOWN if status >= 500 else Outcome.NEVER


def _understood(event: Mapping[str, Any], receipt_id: int) -> Iterator[Inbound]:
    kind = event["type"]
    if kind == "message":
        yield _message(event, receipt_id)
    elif kind in _HAPPENINGS:
        yield _HAPPENINGS[kind](event)
    else:
        yield Unknown(**_facts(event), what=kind)


def _message(event: Mapping[str, Any], receipt_id: int) -> Inbound:
    message = event["message"]
    files, text = _files(message), message.get("text") or _said(message)
    if not text and not files:
        return Unknown(**_facts(event), what=f"message {message.get('type')}")
    quoted = message.get("quotedMessageId")
    return InboundMessage(
        external_id=str(message["id"]),
        sender=_sender(event) or Address("line", _thread(event)),
        text=text,
        sent_at=_time(event),
        thread=_thread(event),
        references=(str(quoted),) if quoted else (),
        is_verified=True,
        files=files,
        receipt_id=receipt_id,
        meta={"door": "line", "album": (message.get("imageSet") or {}).get("id", "")},
    )


def _edited(event: Mapping[str, Any]) -> Happening:
    message = event["message"]
    return Edited(**_facts(event, about=message["id"]), text=message.get("text", ""))


def _unsent(event: Mapping[str, Any]) -> Happening:
    return Deleted(**_facts(event, about=event["unsend"]["messageId"]))


def _pressed(event: Mapping[str, Any]) -> Happening:
    return Pressed(**_facts(event), payload=event["postback"]["data"])


_HAPPENINGS: dict[str, Callable[[Mapping[str, Any]], Happening]] = {
    "messageEdited": _edited,
    "unsend": _unsent,
    "postback": _pressed,
    "follow": lambda event: OptedIn(**_facts(event)),
    "join": lambda event: OptedIn(**_facts(event)),
    "unfollow": lambda event: OptedOut(**_facts(event)),
    "leave": lambda event: OptedOut(**_facts(event)),
}


def _facts(event: Mapping[str, Any], about: object = "") -> dict[str, Any]:
    fallback = f"{event['type']}:{_thread(event)}:{event['timestamp']}"
    return {
        "external_id": f"event:{event.get('webhookEventId') or fallback}",
        "at": _time(event),
        "sender": _sender(event),
        "thread": _thread(event),
        "about": str(about),
    }


def _time(event: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC)


def _thread(event: Mapping[str, Any]) -> str:
    source = event.get("source") or {}
    return str(source.get("groupId") or source.get("roomId") or source.get("userId") or "")


def _sender(event: Mapping[str, Any]) -> Address | None:
    user = (event.get("source") or {}).get("userId")
    return Address("line", str(user)) if user else None


def _files(message: Mapping[str, Any]) -> tuple[InboundFile, ...]:
    kind = message.get("type")
    kept_by_line = (message.get("contentProvider") or {}).get("type", "line") == "line"
    if kind not in ("image", "video", "audio", "file") or not kept_by_line:
        return ()
    endings = {"image": "jpg", "video": "mp4", "audio": "m4a"}
    types = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mp4"}
    file = InboundFile(
        name=message.get("fileName") or f"{kind}.{endings.get(kind, 'bin')}",
        content_type=types.get(kind, ""),
        size=message.get("fileSize", 0),
        sha256="",
        source={"message_id": str(message["id"])},
    )
    return (file,)


def _said(message: Mapping[str, Any]) -> str:
    """What a message without words says."""
    if message.get("type") == "location":
        place = f"https://maps.google.com/?q={message['latitude']},{message['longitude']}"
        return "\n".join(each for each in (message.get("address", ""), place) if each)
    if message.get("type") == "sticker":
        return " ".join(message.get("keywords") or ["[sticker]"])
    return str((message.get("contentProvider") or {}).get("originalContentUrl", ""))
