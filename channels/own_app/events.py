"""What an app tells: ``{"type": ..., "timestamp": ..., "data": {...}}``.

For the fields see ``docs/channels/app.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from channels.happenings import (
    Deleted,
    Edited,
    Inbound,
    OptedIn,
    OptedOut,
    Pressed,
    Progress,
    Stage,
    Unknown,
)
from channels.own_app.identity import Identity
from people.operations import Address
from tickets.inbound import InboundFile, InboundMessage

Element: TypeAlias = Mapping[str, Any]
_MOST_FILES = 20
_STAGES = {"message.delivered": Stage.DELIVERED, "message.read": Stage.READ}


def understood(body: Element, digest: str, identity: Identity | None, receipt_id: int) -> Inbound:
    """Raises ``KeyError`` or its like for what lacks something. ``digest`` names the call."""
    kind, data = str(body["type"]), body.get("data") or {}
    if kind == "message.created":
        return _message(body, data, identity, receipt_id)
    facts: dict[str, Any] = {
        "external_id": f"{kind[:40]}:{data.get('id') or ''}:{digest[:32]}"[:255],
        "at": _time(body.get("timestamp")),
        "sender": _person(data, identity),
        "thread": _thread(data),
        "about": str(data.get("id") or ""),
    }
    read = _READERS.get(kind)
    if kind in _STAGES:
        return Progress(**facts, stage=_STAGES[kind], key=facts["about"])
    return read(facts, data) if read else Unknown(**facts, what=kind[:80])


def _message(
    body: Element, data: Element, identity: Identity | None, receipt_id: int
) -> InboundMessage:
    sender = _person(data, identity)
    if sender is None:
        raise KeyError("user")
    answered = data.get("reply_to")
    text, files = _text(data), _files(data)
    if not text and not files:
        raise ValueError("nothing said")
    email = identity.email if identity else ""
    return InboundMessage(
        external_id=str(data["id"])[:255],
        sender=sender,
        text=text,
        sent_at=_time(data.get("sent_at") or body.get("timestamp")),
        subject=str(data.get("subject") or "")[:200],
        thread=_thread(data),
        references=(str(answered),) if answered else (),
        language=str(data.get("language") or "")[:10],
        is_verified=identity is not None,
        files=files,
        also=(Address.email(email, sender.name),) if "@" in email else (),
        receipt_id=receipt_id,
        meta={"door": "app"},
    )


_READERS: dict[str, Callable[[dict[str, Any], Element], Inbound]] = {
    "message.updated": lambda facts, data: Edited(**facts, text=_text(data)),
    "message.deleted": lambda facts, data: Deleted(**facts),
    "button.pressed": lambda facts, data: Pressed(**facts, payload=str(data["payload"])),
    "user.blocked": lambda facts, data: OptedOut(**facts),
    "user.unblocked": lambda facts, data: OptedIn(**facts),
}


def _person(data: Element, identity: Identity | None) -> Address | None:
    user = data.get("user") or {}
    number = identity.sub if identity else str(user.get("id") or "")
    name = (identity.name if identity else "") or str(user.get("name") or "")
    return Address("app", number[:254], name=name.replace("\x00", "")[:120]) if number else None


def _thread(data: Element) -> str:
    return str(data.get("thread") or (data.get("user") or {}).get("id") or "")[:255]


def _text(data: Element) -> str:
    text = data.get("text") or ""
    if not isinstance(text, str):
        raise TypeError("no text")
    return text.replace("\x00", "")


def _files(data: Element) -> tuple[InboundFile, ...]:
    found = [
        InboundFile(
            name=str(each.get("name") or "file")[:200],
            content_type=str(each.get("content_type") or "")[:100],
            size=int(each.get("size") or 0),
            sha256="",
            part=place,
            source={"url": str(each["url"])},
        )
        for place, each in enumerate((data.get("files") or [])[:_MOST_FILES])
    ]
    return tuple(found)


def _time(value: object) -> datetime:
    """Raises ``ValueError`` for what is no ISO 8601."""
    if not value:
        return datetime.now(UTC)
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)
