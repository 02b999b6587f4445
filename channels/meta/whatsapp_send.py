"""What leaves for WhatsApp, and what its answers mean.

Most failures come later, as a status. ``biz_opaque_callback_data`` bears our own id: the statuses
give it back, so that a message whose answer never came is known by it. Codes:
https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (read November 2026).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from channels import wire
from channels.base import OutboundFile, OutboundMessage, Outcome, Result
from channels.meta.graph import GRAPH_CODES, Graph, Meanings
from channels.meta.whatsapp_people import to_fields
from support import http
from support.http import Answer
from tickets.files import open_file

WINDOW = timedelta(hours=24)
_DAY = 24 * 3600.0
_MEGABYTE = 1024 * 1024
#: What WhatsApp shows as more than a document, and the most it takes of each.
_SHOWN = {
    "image": (("image/jpeg", "image/png"), 5 * _MEGABYTE),
    "video": (("video/mp4", "video/3gpp"), 16 * _MEGABYTE),
    "audio": (("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * _MEGABYTE),
}
MEANINGS = Meanings(
    exact={(100, 33): Outcome.SIGN_IN},  # the number is not ours any more
    codes={
        **GRAPH_CODES,
        **dict.fromkeys((80007, 130429, 131048, 131049, 131056, 133016, 131064), Outcome.LATER),
        **dict.fromkeys((131000, 131016, 131053, 131057), Outcome.LATER),
        131047: Outcome.CLOSED,
        **dict.fromkeys((131026, 131050), Outcome.BLOCKED),
        **dict.fromkeys((131008, 131009, 131021, 131030, 131051, 131052, 131062), Outcome.NEVER),
        **dict.fromkeys((130472, 130497, *range(132000, 132017)), Outcome.NEVER),
        **dict.fromkeys((0, 368, 131005, 131031, 131037, 131042, 133010), Outcome.SIGN_IN),
    },
    waits={131049: _DAY, 131056: 24.0, 131048: 3600.0},
)


def deliver(graph: Graph, number_id: str, message: OutboundMessage) -> Result:
    """One part: its text, one file with the text as its caption, or a template."""
    heard = message.last_heard_at
    if not message.is_template and heard is not None and timezone.now() - heard > WINDOW:
        return _outcome(message, Outcome.CLOSED, "24 hours have passed since they wrote")
    try:
        content = _content(graph, number_id, message)
    except _NotUploaded as failure:
        return failure.result
    except http.Unreachable as error:  # nothing was sent yet
        return _outcome(message, Outcome.LATER, f"the file: {error}")
    except http.Refused as error:
        return _outcome(message, Outcome.NEVER, f"the file: {error}")
    except OSError as error:
        why = f"a file cannot be read: {type(error).__name__}"
        return _outcome(message, Outcome.LATER, why)
    return wire.settle(
        message,
        lambda: graph.post(f"{number_id}/messages", body(message, content)),
        lambda answer: _result(message, answer),
    )


def body(message: OutboundMessage, content: dict[str, Any]) -> dict[str, Any]:
    """The whole call; ``content`` is its type, and what that type needs."""
    group = message.thread if message.thread.startswith("group:") else ""
    whole = {
        "messaging_product": "whatsapp",
        **to_fields(group or message.to or message.thread),
        **content,
        "biz_opaque_callback_data": message.external_id[:512],
    }
    if message.in_reply_to and not message.is_template:
        whole["context"] = {"message_id": message.in_reply_to}
    return whole


def template(named: str, values: tuple[str, ...]) -> dict[str, Any]:
    """``named`` is its name and language, ``shipped|en_US``; English where none is named."""
    name, _, language = named.strip().partition("|")
    spoken = {"policy": "deterministic", "code": language.strip() or "en"}
    chosen: dict[str, Any] = {"name": name.strip(), "language": spoken}
    if values:
        parameters = [{"type": "text", "text": value} for value in values]
        chosen["components"] = [{"type": "body", "parameters": parameters}]
    return {"type": "template", "template": chosen}


class _NotUploaded(Exception):
    def __init__(self, result: Result) -> None:
        super().__init__(result.detail)
        self.result = result


def _content(graph: Graph, number_id: str, message: OutboundMessage) -> dict[str, Any]:
    if message.is_template:
        return template(message.text, message.values)
    if not message.files:
        return {"type": "text", "text": {"body": message.text, "preview_url": False}}
    file = message.files[0]
    with open_file(file.key) as opened:
        content = opened.read()
    kind = _kind(file, len(content), has_words=bool(message.text))
    media: dict[str, Any] = {"id": _uploaded(graph, number_id, message, content)}
    if message.text:
        media["caption"] = message.text
    if kind == "document":
        media["filename"] = file.name
    return {"type": kind, kind: media}


def _kind(file: OutboundFile, size: int, *, has_words: bool) -> str:
    """As what it is shown. A sound bears no words; as a document it does."""
    for kind, (types, most) in _SHOWN.items():
        if file.content_type in types and size <= most and not (kind == "audio" and has_words):
            return kind
    return "document"


def _uploaded(graph: Graph, number_id: str, message: OutboundMessage, content: bytes) -> str:
    """The file's id at Meta. Raises ``_NotUploaded`` with what its refusal means."""
    file = message.files[0]
    fields = {"messaging_product": "whatsapp", "type": file.content_type}
    answer = graph.upload(
        f"{number_id}/media", fields, ("file", file.name, file.content_type, content)
    )
    try:
        if refused := MEANINGS.result(message, answer):
            raise _NotUploaded(replace(refused, detail=f"the file: {refused.detail}"))
        return str(answer.json()["id"])
    except (ValueError, KeyError, TypeError) as error:  # nothing was sent yet
        why = f"the file: an answer that cannot be read ({answer.status})"
        raise _NotUploaded(_outcome(message, Outcome.LATER, why)) from error


def _result(message: OutboundMessage, answer: Answer) -> Result:
    if refused := MEANINGS.result(message, answer):
        return refused
    number = str(answer.json()["messages"][0]["id"])
    return Result(key=message.key, outcome=Outcome.SENT, external_id=number)


def _outcome(message: OutboundMessage, outcome: Outcome, why: str) -> Result:
    return Result(key=message.key, outcome=outcome, detail=why)
