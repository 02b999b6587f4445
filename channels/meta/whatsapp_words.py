"""What is in a WhatsApp message: its words, and its files by the ids that Meta keeps them under."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from channels.meta.calls import MALFORMED, Element, id_of, text_of
from tickets.inbound import InboundFile

_FILES = ("image", "video", "audio", "document", "sticker")
_ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4",
    "audio/ogg": "ogg", "audio/aac": "aac", "audio/amr": "amr", "audio/mpeg": "mp3",
    "application/pdf": "pdf",
}  # fmt: skip


def words(message: Element) -> str:
    """The text or caption, or what a message without words says; "" for nothing."""
    kind = str(message.get("type"))
    said = message.get(kind)
    if kind in _FILES:
        return text_of((said or {}).get("caption"))
    return _WORDS[kind](said) if kind in _WORDS else ""


def files(message: Element, owner: str) -> tuple[InboundFile, ...]:
    """``owner`` is our number's id, under which the file is asked for."""
    kind = str(message.get("type"))
    if kind not in _FILES:
        return ()
    file = message[kind]
    mime = text_of(file.get("mime_type")).partition(";")[0]
    name = text_of(file.get("filename")) or f"{kind}.{_ENDINGS.get(mime, 'bin')}"
    source = {"media_id": id_of(file["id"]), "owner": owner}
    if digest := text_of(file.get("sha256")):
        source["sha256"] = digest
    return (InboundFile(name=name, content_type=mime, size=0, sha256="", source=source),)


def _place(place: dict[str, Any]) -> str:
    link = f"https://maps.google.com/?q={place['latitude']},{place['longitude']}"
    return _lines(place.get("name"), place.get("address"), link)


def _cards(cards: list[dict[str, Any]]) -> str:
    lines = []
    for card in cards:
        name = (card.get("name") or {}).get("formatted_name")
        numbers = [each.get("phone") for each in card.get("phones") or []]
        mails = [each.get("email") for each in card.get("emails") or []]
        lines.append(" ".join(str(each) for each in (name, *numbers, *mails) if each))
    return _lines(*lines)


def _order(order: dict[str, Any]) -> str:
    items = [
        f"{item['quantity']} × {item['product_retailer_id']} "
        f"({item.get('item_price', '')} {item.get('currency', '')})"
        for item in order.get("product_items") or []
    ]
    return _lines(order.get("text"), *items)


def _form(interactive: dict[str, Any]) -> str:
    """A form that was filled in, a line for each answer."""
    reply = interactive.get("nfm_reply") or {}
    try:
        answers = json.loads(reply.get("response_json") or "{}")
        return _lines(
            *(f"{name}: {value}" for name, value in answers.items() if name != "flow_token")
        )
    except MALFORMED:
        return text_of(reply.get("body"))


def _lines(*parts: object) -> str:
    return "\n".join(str(part) for part in parts if part)


_WORDS: dict[str, Callable[[Any], str]] = {
    "text": lambda text: text_of(text["body"]),
    "location": _place,
    "contacts": _cards,
    "order": _order,
    "interactive": _form,
}
