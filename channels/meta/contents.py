"""What is in a message of Messenger's or Instagram's: its words, its files, where it came from."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.meta.calls import Element, text_of
from tickets.inbound import InboundFile

#: Attachments that are a file. All others are links, which Meta may take away again.
_FILES = {"image": "image.jpg", "video": "video.mp4", "audio": "audio.mp4", "file": "file"}


def of(message: Element) -> tuple[str, tuple[InboundFile, ...]]:
    """The words, with a line for each link and place, and the files."""
    attachments = [each for each in message.get("attachments") or [] if isinstance(each, dict)]
    lines, files = [text_of(message.get("text"))], []
    for part, attachment in enumerate(attachments):
        payload = attachment.get("payload") or {}
        name = _FILES.get(str(attachment.get("type")))
        if name and payload.get("url"):
            files.append(_file(name, str(payload["url"]), part, str(message.get("mid") or "")))
        else:
            lines.extend(_said(attachment, payload))
    lines.append(str(((message.get("reply_to") or {}).get("story") or {}).get("url") or ""))
    return "\n".join(dict.fromkeys(line for line in lines if line)), tuple(files)


def meta(message: Element) -> dict[str, str]:
    """What else Meta tells of it: the advertisement it answers, the kind of thing it shares."""
    referral = message.get("referral") or {}
    found = {
        "advertisement": referral.get("ad_id"),
        "referral": referral.get("ref") or referral.get("source"),
        "shared": ",".join(
            str(each.get("type"))
            for each in message.get("attachments") or []
            if isinstance(each, dict) and each.get("type") not in _FILES
        ),
    }
    return {name: str(value)[:200] for name, value in found.items() if value}


def _file(name: str, url: str, part: int, mid: str) -> InboundFile:
    last = urlsplit(url).path.rsplit("/", 1)[-1]
    return InboundFile(
        name=last if "." in last else name,
        content_type="",
        size=0,
        sha256="",
        part=part,
        source={"url": url, "mid": mid, "part": str(part)},
    )


def _said(attachment: Element, payload: dict[str, Any]) -> list[str]:
    """A place, a shared post or reel, a mention in a story: what it is called, and its link."""
    if place := payload.get("coordinates"):
        link = f"https://maps.google.com/?q={place['lat']},{place['long']}"
        return [text_of(attachment.get("title")), link]
    if attachment.get("type") == "like_heart":
        return ["❤"]
    title = attachment.get("title") or payload.get("title")
    url = attachment.get("url") or payload.get("url") or payload.get("link")
    return [text_of(title), text_of(url)]
