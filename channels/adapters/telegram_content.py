"""What a message of Telegram's holds besides its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tickets.inbound import InboundFile

_FILES = ("document", "video", "voice", "audio", "animation", "video_note", "sticker")


def files_of(message: Mapping[str, Any]) -> tuple[InboundFile, ...]:
    found = [(name, message[name]) for name in _FILES if name in message]
    if photos := message.get("photo"):
        found.append(("photo", photos[-1]))  # the largest
    return tuple(
        InboundFile(
            name=file.get("file_name") or f"{name}{_ending(name)}",
            content_type=file.get("mime_type") or ("image/jpeg" if name == "photo" else ""),
            size=file.get("file_size", 0),
            sha256="",
            part=part,
            source={"file_id": file["file_id"]},
        )
        for part, (name, file) in enumerate(found)
    )


def _ending(name: str) -> str:
    return {"photo": ".jpg", "voice": ".ogg", "video": ".mp4", "sticker": ".webp"}.get(name, "")


def said_in(message: Mapping[str, Any]) -> str:
    """Its words, or what stands in their place."""
    if words := message.get("text") or message.get("caption"):
        return str(words)
    if place := message.get("location"):
        return f"https://maps.google.com/?q={place['latitude']},{place['longitude']}"
    if contact := message.get("contact"):
        names = (contact.get("first_name"), contact.get("last_name"), contact.get("phone_number"))
        return " ".join(each for each in names if each)
    if poll := message.get("poll"):
        return str(poll.get("question", ""))
    return str((message.get("sticker") or {}).get("emoji", ""))


def kinds_in(message: Mapping[str, Any]) -> str:
    known = {"message_id", "from", "chat", "date", "sender_chat"}
    return ",".join(sorted(set(message) - known))[:80]
