"""What Messenger and Instagram share: the same events, the same way to send."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar

from channels.capabilities import Unit
from channels.simulators.base import Answered, Said
from channels.simulators.meta import (
    FILES,
    MetaSimulator,
    Refusal,
    milliseconds,
    missing,
    person_id,
    too_long,
)


class MessagingSimulator(MetaSimulator):
    acts = ("message", "edit", "delete", "press")
    most: ClassVar[int]
    unit: ClassVar[Unit] = Unit.CHARACTERS

    def entry(self, said: Said) -> dict[str, Any]:
        event = {
            "sender": {"id": person_id(said.person)},
            "recipient": {"id": self.own_id},
            "timestamp": milliseconds(),
            **self._event(said),
        }
        return {"time": milliseconds(), "messaging": [event]}

    def posted(self, node: str, edge: str, given: dict[str, Any]) -> Answered:
        if node not in ("me", self.own_id) or edge != "messages":
            return missing(node)
        recipient, message = _object(given["recipient"]), _object(given["message"])
        text, payload = str(message.get("text", "")), _payload(message)
        if not payload and (refused := too_long(text, self.most, self.unit)):
            return refused
        if comment := recipient.get("comment_id"):
            return self.reply_privately(str(comment), text)
        person = str(recipient["id"])
        if refused := self._closed(person, given):
            return refused
        file = str(given.get("file") or str(payload.get("url", "")).rsplit("/", 1)[-1])
        if payload and not file:
            return Refusal(100, "Attachment is empty", 2018047).answered()
        kept = self.keep(id=self.mid(), thread=person, text=text, file=file)
        return Answered.of({"recipient_id": person, "message_id": kept.id})

    def _closed(self, person: str, given: dict[str, Any]) -> Answered | None:
        """A day for everything, a week for what a person wrote."""
        silent = self.silent(person)
        if silent is None:
            return Refusal(100, "No matching user found", 2018001).answered()
        is_human = given.get("messaging_type") == "MESSAGE_TAG" and given["tag"] == "HUMAN_AGENT"
        if silent > (timedelta(days=7) if is_human else timedelta(hours=24)):
            return self.failure("window_closed")
        return None

    def _event(self, said: Said) -> dict[str, Any]:
        if said.act == "edit":
            told = int(self.tape.recall(f"edits:{said.about}") or 0) + 1
            self.tape.remember(f"edits:{said.about}", str(told))
            return {"message_edit": {"mid": said.about, "text": said.text, "num_edit": told}}
        if said.act == "delete":
            return {"message": {"mid": said.about, "is_deleted": True}}
        mid = self.mid()
        if said.act == "press":
            return {"postback": {"mid": mid, "title": said.text, "payload": said.text}}
        if said.act != "message":
            return {said.act: {"mid": mid}}
        self.hear(said, mid, person_id(said.person))
        message: dict[str, Any] = {"mid": mid}
        if said.text:
            message["text"] = said.text
        if said.file:
            url = f"https://{FILES}/v/t1.15752-9/{self.number()}_n.png?oh=simulated"
            message["attachments"] = [{"type": "image", "payload": {"url": url}}]
        if said.about:
            message["reply_to"] = {"mid": said.about}
        return {"message": message}


def _object(value: Any) -> dict[str, Any]:
    """With a file, objects come as JSON in a field of the form."""
    return dict(json.loads(value) if isinstance(value, str) else value)


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    return dict((message.get("attachment") or {}).get("payload") or {})
