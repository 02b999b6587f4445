"""What leaves for Messenger and Instagram, and what the answers mean.

https://developers.facebook.com/docs/messenger-platform/error-codes (March 2026). Within a day of
the customer's last words everything may be sent; within a week what a person wrote, under the
``HUMAN_AGENT`` tag, which Meta must grant the app; after that nothing. No key drops a repetition.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from channels.base import OutboundMessage, Outcome, Result
from channels.meta.graph import GRAPH_CODES, Graph, Meanings
from channels.meta.messaging import OURS
from support.http import Answer
from tickets.files import open_file

WINDOW, HUMAN = timedelta(hours=24), timedelta(days=7)
MEANINGS = Meanings(
    exact={
        **dict.fromkeys(((10, 2018278), (10, 2018065), (10, 2534022)), Outcome.CLOSED),
        **dict.fromkeys(((10, 2018108), (200, 1545041)), Outcome.BLOCKED),
        **dict.fromkeys(((100, 2534029), (200, 2534041)), Outcome.SIGN_IN),
        (10, 1893063): Outcome.LATER,  # the Page is restricted for a time
        (1, 1357046): Outcome.UNKNOWN,  # Meta says so of messages that did arrive
    },
    codes={
        **GRAPH_CODES,
        1200: Outcome.LATER,
        551: Outcome.BLOCKED,
        **dict.fromkeys((230, 368, 2022, 10900, 10903, 10904), Outcome.NEVER),
    },
    waits={613: 60.0},
)


def manner(message: OutboundMessage) -> dict[str, str] | None:
    """Under which rule it may be sent now; None when none allows it."""
    heard = message.last_heard_at
    silent = timezone.now() - heard if heard is not None else timedelta()
    if silent <= WINDOW:
        return {"messaging_type": "RESPONSE"}
    if silent <= HUMAN and not message.is_automatic:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return None


def unfit(message: OutboundMessage) -> Result | None:
    """Why it is not even asked; None when it may be sent."""
    if not message.is_public and manner(message) is None:
        days = "24 hours" if message.is_automatic else "7 days"
        why = f"{days} have passed since they wrote"
        return Result(key=message.key, outcome=Outcome.CLOSED, detail=why)
    if message.files and (message.text or message.is_public):
        why = "a file goes by itself, and not into a comment"
        return Result(key=message.key, outcome=Outcome.NEVER, detail=why)
    return None


def words(message: OutboundMessage) -> dict[str, str]:
    """A text; the echo of it gives back that it is ours."""
    return {"text": message.text, "metadata": f"{OURS}{message.external_id}"[:1000]}


def upload(
    graph: Graph, path: str, to: dict[str, str], rule: dict[str, str], message: OutboundMessage
) -> Answer:
    """One file with the call."""
    file = message.files[0]
    attachment = {"type": kind_of(file.content_type), "payload": {"is_reusable": False}}
    content: dict[str, Any] = {"attachment": attachment, "metadata": words(message)["metadata"]}
    fields = {"recipient": json.dumps(to), "message": json.dumps(content), **rule}
    with open_file(file.key) as opened:
        return graph.upload(path, fields, ("filedata", file.name, file.content_type, opened.read()))


def kind_of(content_type: str) -> str:
    kind = content_type.partition("/")[0]
    return kind if kind in ("image", "video", "audio") else "file"


def result_of(message: OutboundMessage, answer: Answer) -> Result:
    """Raises ``ValueError`` or its like for what is no answer of Meta's."""
    if refused := MEANINGS.result(message, answer):
        return refused
    said = answer.json()
    number = str(said["message_id"] if "message_id" in said else said["id"])
    person = str(said["recipient_id"]) if "recipient_id" in said else ""
    thread = person if person != (message.thread or message.to) else ""
    return Result(key=message.key, outcome=Outcome.SENT, external_id=number, thread=thread)
