"""LINE's Messaging API and its webhooks."""

from __future__ import annotations

import hmac
import json
import re
import time
from dataclasses import replace
from hashlib import md5
from typing import Any
from uuid import uuid4

from channels.capabilities import Unit
from channels.proofs import base64_of
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.simulators.telegram import PIXEL
from channels.splitting import measure

SECRET = "simulated-line-secret"  # noqa: S105 - opens nothing but this simulator
TOKEN = "simulated-line-token"  # noqa: S105


class LineSimulator(Simulator):
    kind = "line"
    label = "LINE"
    hosts = ("api.line.me", "api-data.line.me")
    acts = ("message", "edit", "delete", "press", "block", "start")

    @staticmethod
    def account() -> dict[str, Any]:
        return {"channel_secret": SECRET, "access_token": TOKEN}

    def calls(self, said: Said) -> list[Called]:
        event = {
            "type": _TYPES.get(said.act, said.act),
            "mode": "active",
            "timestamp": int(time.time() * 1000),
            "source": {"type": "user", "userId": person_id(said.person)},
            "webhookEventId": uuid4().hex.upper()[:26],
            "deliveryContext": {"isRedelivery": False},
            **self._content(said),
        }
        body = json.dumps({"destination": "Uharbour", "events": [event]}, ensure_ascii=False)
        return [_signed(body.encode(), SECRET)]

    def forged(self, call: Called) -> Called:
        return replace(call, headers=_signed(call.body, "somebody-else").headers)

    def failure(self, fault: str) -> Answered:
        told = {
            "429": (429, "The API rate limit has been exceeded. Try again later."),
            "500": (500, "Internal Server Error"),
            "blocked": (400, "Failed to send messages"),
            "window_closed": (400, "Failed to send messages"),
            "bad_token": (401, "Authentication failed. Confirm that the access token is valid."),
        }
        status, text = told[fault]
        return Answered.of({"message": text}, status=status)

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("Authorization") != f"Bearer {self.settings.get('access_token')}":
            return self.failure("bad_token")
        if re.fullmatch(r"/v2/bot/message/[^/]+/content", asked.path):
            return Answered(body=PIXEL, content_type="image/png")
        if asked.path == "/v2/bot/info":
            return Answered.of({"userId": "Uharbour", "basicId": "@harbour"})
        if asked.path != "/v2/bot/message/push":
            return Answered.of({"message": "Not found"}, status=404)
        return self._push(asked)

    def _push(self, asked: Asked) -> Answered:
        key = asked.headers.get("X-Line-Retry-Key", "")
        if key and (before := self.tape.recall(key)):
            told = {"message": "The retry key is already accepted"}
            return Answered.of(told, status=409, x_line_accepted_request_id=before)
        given = asked.json()
        texts = [each.get("text", "") for each in given.get("messages", [])]
        if not given.get("to") or not 1 <= len(texts) <= 5:
            return Answered.of({"message": "The request body has 1 error(s)"}, status=400)
        if any(not text or measure(text, Unit.UTF16) > 5000 for text in texts):
            return Answered.of({"message": "Length must be between 0 and 5000"}, status=400)
        number = str(self.number())
        for text in texts:
            self.keep(id=number, thread=given["to"], text=text)
        if key:
            self.tape.remember(key, number)
        return Answered.of({"sentMessages": [{"id": number}]}, x_line_request_id=number)

    def _content(self, said: Said) -> dict[str, Any]:
        if said.act == "delete":
            return {"unsend": {"messageId": said.about}}
        if said.act == "press":
            return {"postback": {"data": said.text}}
        if said.act not in ("message", "edit"):
            return {}
        number = said.about if said.act == "edit" else str(self.number())
        kept = {"id": number, "thread": person_id(said.person), "person": said.person}
        self.tape.add(direction="in", text=said.text, file=said.file, **kept)
        if said.file:
            return {"message": {"id": number, "type": "image", "contentProvider": {"type": "line"}}}
        message = {"id": number, "type": "text", "text": said.text, "quoteToken": "q"}
        if said.about and said.act == "message":
            message["quotedMessageId"] = said.about
        return {"message": message}


_TYPES = {"edit": "messageEdited", "delete": "unsend", "press": "postback",
          "block": "unfollow", "start": "follow"}  # fmt: skip


def person_id(person: str) -> str:
    """As LINE numbers its users: U and 32 hexadecimal digits, always the same for a name."""
    if re.fullmatch(r"U[0-9a-f]{32}", person):
        return person
    return "U" + md5(person.encode(), usedforsecurity=False).hexdigest()


def _signed(body: bytes, secret: str) -> Called:
    proof = base64_of(hmac.digest(secret.encode(), body, "sha256"))
    return Called(
        body=body, headers={"Content-Type": "application/json", "X-Line-Signature": proof}
    )
