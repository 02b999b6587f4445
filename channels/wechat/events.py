"""What a call of WeChat's tells: one message, or one event, of one follower."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from channels.happenings import Inbound, OptedIn, OptedOut, Pressed, Unknown
from people.operations import Address
from tickets.inbound import InboundFile, InboundMessage

Told = Mapping[str, str]
#: The menu of the account, and codes that are scanned: all bear our own key.
_PRESSED = {
    "click", "view", "view_miniprogram", "scan", "scancode_push", "scancode_waitmsg",
    "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select",
}  # fmt: skip
_FILES = {
    "image": ("image.jpg", "image/jpeg"),
    "voice": ("voice.amr", "audio/amr"),
    "video": ("video.mp4", "video/mp4"),
    "shortvideo": ("video.mp4", "video/mp4"),
}


def understood(told: Told, receipt_id: int) -> Iterator[Inbound]:
    """Raises ``KeyError`` or ``ValueError`` when it says neither who nor when."""
    kind = told["MsgType"].lower()
    if kind == "event":
        yield from _event(told)
        return
    files, text = _files(told, kind), _said(told, kind)
    if not text and not files:
        yield Unknown(**_facts(told), what=f"message {kind}"[:80])
        return
    yield InboundMessage(
        external_id=told.get("MsgId") or f"{told['FromUserName']}:{told['CreateTime']}:{kind}",
        sender=_sender(told),
        text=text,
        sent_at=_time(told),
        thread=told["FromUserName"],
        is_verified=True,
        files=files,
        receipt_id=receipt_id,
        meta={"door": "wechat"},
    )


def _event(told: Told) -> Iterator[Inbound]:
    name = told.get("Event", "").lower()
    if name == "subscribe":
        yield OptedIn(**_facts(told))
        if key := told.get("EventKey"):  # the code that they scanned to get here
            yield Pressed(**_facts(told, "scan"), payload=key)
    elif name == "unsubscribe":
        yield OptedOut(**_facts(told))
    elif name in _PRESSED:
        text = told.get("ScanResult", "")
        yield Pressed(**_facts(told), payload=told.get("EventKey", ""), text=text)
    else:
        yield Unknown(**_facts(told), what=f"event {name}"[:80])


def _facts(told: Told, more: str = "") -> dict[str, Any]:
    """Events have no id: who, when and what tell them apart, as WeChat advises."""
    about = told.get("Event") or told["MsgType"]
    parts = (told["FromUserName"], told["CreateTime"], about, told.get("EventKey", ""), more)
    return {
        "external_id": f"event:{':'.join(each for each in parts if each)}",
        "at": _time(told),
        "sender": _sender(told),
        "thread": told["FromUserName"],
    }


def _sender(told: Told) -> Address:
    return Address("wechat", told["FromUserName"])


def _time(told: Told) -> datetime:
    return datetime.fromtimestamp(int(told["CreateTime"]), UTC)


def _files(told: Told, kind: str) -> tuple[InboundFile, ...]:
    if kind not in _FILES or not told.get("MediaId"):
        return ()
    name, content_type = _FILES[kind]
    source = {"media_id": told["MediaId"]}
    if url := told.get("PicUrl"):
        source["url"] = url
    file = InboundFile(name=name, content_type=content_type, size=0, sha256="", source=source)
    return (file,)


def _said(told: Told, kind: str) -> str:
    """The words, or what stands for them; of a voice what WeChat itself understood."""
    if kind == "text":
        return told.get("Content", "")
    if kind == "location":
        place = f"https://maps.google.com/?q={told['Location_X']},{told['Location_Y']}"
        return "\n".join(each for each in (told.get("Label", ""), place) if each)
    if kind == "link":
        named = (told.get("Title", ""), told.get("Description", ""), told.get("Url", ""))
        return "\n".join(dict.fromkeys(each for each in named if each))
    return told.get("Recognition", "")
