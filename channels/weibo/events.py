"""What Weibo tells: by a push of the fan service, or found by asking for comments and mentions.

A private conversation is named by the person (``2489518277``), a public one by the post and the
person (``3578011234567890/2489518277``): all that one person writes under one post.
https://open.weibo.com/wiki/Receive_General_Message, /Receive_Event_Push, /2/comments/to_me
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from channels.happenings import Echo, Inbound, OptedIn, OptedOut, Pressed, Revoked, Unknown
from people.operations import Address
from tickets.inbound import InboundFile, InboundMessage

Told = Mapping[str, Any]
_FILES = {"image": ("image.jpg", "image/jpeg"), "voice": ("voice.amr", "audio/amr")}
_IN, _OUT = ("follow", "subscribe"), ("unfollow", "unsubscribe")
_PRESSED = ("click", "view", "scan", "scan_follow")


def understood(told: Told, receipt_id: int, own_id: str) -> Iterator[Inbound]:
    """One push, or one thing that ``feeds`` found.

    Raises ``KeyError``, ``TypeError``, ``AttributeError`` or ``ValueError`` for what is neither.
    """
    if "comment" in told:
        yield _public(told["comment"], told["comment"]["status"], "comment", receipt_id, own_id)
    elif "status" in told:
        yield _public(told["status"], told["status"], "status", receipt_id, own_id)
    elif "refused" in told:
        yield _refused(told["refused"])
    elif told["type"] == "event":
        yield from _event(told)
    elif told["type"] == "mention":
        yield _mentioned(told, receipt_id)
    else:
        yield _private(told, receipt_id)


def _private(told: Told, receipt_id: int) -> Inbound:
    files, text = _files(told), str(told.get("text") or "")
    if told["type"] not in ("text", "position", *_FILES) or not (text or files):
        return Unknown(**_facts(told), what=f"message {told['type']}"[:80])
    data = told.get("data") or {}
    if told["type"] == "position":
        place = f"https://maps.google.com/?q={data['latitude']},{data['longitude']}"
        text = f"{text}\n{place}".strip()
    return InboundMessage(
        external_id=_number(told),
        sender=_sender(told["sender_id"]),
        text=text,
        sent_at=time_of(told["created_at"]),
        thread=str(told["sender_id"]),
        is_verified=True,
        files=files,
        receipt_id=receipt_id,
        meta={"door": "weibo"},
    )


def _mentioned(told: Told, receipt_id: int) -> Inbound:
    """A push does not say under which post a comment stands; the answer asks for it."""
    data = told["data"]
    kind = "comment" if data.get("subtype") == "comment" else "status"
    post = data["key"] if kind == "status" else ""
    return InboundMessage(
        external_id=f"{kind}:{data['key']}",
        sender=_sender(told["sender_id"]),
        text=str(told.get("text") or ""),
        sent_at=time_of(told["created_at"]),
        thread=f"{post}/{told['sender_id']}",
        is_verified=True,
        is_public=True,
        receipt_id=receipt_id,
        meta={"door": "weibo"},
    )


def _public(said: Told, post: Told, kind: str, receipt_id: int, own_id: str) -> Inbound:
    person, number = said["user"], f"{kind}:{said['id']}"
    thread = f"{post['id']}/{person['id']}"
    if str(person["id"]) == own_id:
        at = time_of(said["created_at"])
        return Echo(external_id=number, at=at, thread=thread, text=str(said["text"]))
    answered = (said.get("reply_comment") or {}).get("id")
    return InboundMessage(
        external_id=number,
        sender=_sender(person["id"], person.get("screen_name", "")),
        text=str(said["text"]),
        sent_at=time_of(said["created_at"]),
        thread=thread,
        references=(f"comment:{answered}",) if answered else (),
        is_verified=True,
        is_public=True,
        receipt_id=receipt_id,
        meta={"door": "weibo", "post": str(post["id"])},
    )


def _event(told: Told) -> Iterator[Inbound]:
    data = told.get("data") or {}
    name = data.get("subtype", "")
    if name in _IN or name == "scan_follow":
        yield OptedIn(**_facts(told))
    if name in _OUT:
        yield OptedOut(**_facts(told))
    elif name in _PRESSED:
        yield Pressed(**_facts(told, "pressed"), payload=str(data.get("key", "")))
    elif name not in _IN:
        yield Unknown(**_facts(told), what=f"event {name}"[:80])


def _refused(refusal: Told) -> Revoked:
    """Asking for comments is no longer allowed; told once for each token."""
    at = datetime.fromisoformat(refusal["at"])
    return Revoked(external_id=f"refused:{refusal['token']}", at=at, reason=refusal["why"])


def time_of(told: object) -> datetime:
    """Such as ``Mon Jul 16 18:09:20 +0800 2012``. Raises ``ValueError``."""
    return datetime.strptime(str(told), "%a %b %d %H:%M:%S %z %Y")


def _facts(told: Told, more: str = "") -> dict[str, Any]:
    return {
        "external_id": f"event:{_number(told)}{more}",
        "at": time_of(told["created_at"]),
        "sender": _sender(told["sender_id"]),
        "thread": str(told["sender_id"]),
    }


def _number(told: Told) -> str:
    """A push has no id: who, when and what tell it apart, whatever the order of its fields."""
    what = json.dumps([told["type"], told.get("text"), told.get("data")], sort_keys=True)
    when = int(time_of(told["created_at"]).timestamp())
    return f"{told['sender_id']}:{when}:{hashlib.sha256(what.encode()).hexdigest()[:16]}"


def _sender(number: object, name: str = "") -> Address:
    return Address("weibo", str(number), name=name[:120])


def _files(told: Told) -> tuple[InboundFile, ...]:
    """``tovfid`` is the receiver's copy."""
    number = (told.get("data") or {}).get("tovfid")
    if told["type"] not in _FILES or not number:
        return ()
    name, content_type = _FILES[told["type"]]
    source = {"fid": str(number)}
    file = InboundFile(name=name, content_type=content_type, size=0, sha256="", source=source)
    return (file,)
