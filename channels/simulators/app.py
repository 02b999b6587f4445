"""An app of a customer's: its server signs what its people say, and takes our answers."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from channels.base import Forged
from channels.own_app import signing
from channels.own_app.identity import issue
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.simulators.telegram import PIXEL

SECRET = "whsec_c2ltdWxhdGVkLWFwcC1zZWNyZXQtaW4="  # noqa: S105 - opens nothing but this simulator
OURS = "whsec_c2ltdWxhdGVkLWFwcC1zZWNyZXQtb3V0"
VOUCHES = "simulated-app-identity-secret"
HOST = "app.example.com"
_TYPES = {
    "message": "message.created", "edit": "message.updated", "delete": "message.deleted",
    "press": "button.pressed", "block": "user.blocked", "start": "user.unblocked",
    "delivered": "message.delivered", "read": "message.read",
}  # fmt: skip


class AppSimulator(Simulator):
    kind = "app"
    label = "App"
    hosts = (HOST,)
    acts = ("message", "edit", "delete", "press", "block", "start")

    @staticmethod
    def account() -> dict[str, Any]:
        return {
            "url": f"https://{HOST}/harbour", "webhook_secret": SECRET, "our_secret": OURS,
            "identity_secret": VOUCHES,
        }  # fmt: skip

    def calls(self, said: Said) -> list[Called]:
        told = {
            "type": _TYPES.get(said.act, said.act),
            "timestamp": datetime.now(UTC).isoformat(),
            "data": self._data(said),
        }
        return [_signed(json.dumps(told, ensure_ascii=False).encode(), SECRET)]

    def forged(self, call: Called) -> Called:
        other = "whsec_c29tZWJvZHktZWxzZQ=="
        return replace(call, headers=_signed(call.body, other).headers)

    def failure(self, fault: str) -> Answered:
        told = {"429": 429, "500": 500, "blocked": 422, "window_closed": 422, "bad_token": 401}
        words = {"blocked": "blocked", "window_closed": "closed", "bad_token": "signature"}
        return Answered.of({"error": words.get(fault, "busy")}, status=told[fault])

    def answer(self, asked: Asked) -> Answered:
        if asked.path != "/harbour":
            return Answered(body=PIXEL, content_type="image/png")
        try:
            signing.require(asked.headers, str(self.settings["our_secret"]), asked.body, _now())
        except Forged:
            return self.failure("bad_token")
        told, number = asked.json(), asked.headers["Webhook-Id"]
        if told["type"] != "message.created" or self.tape.recall(f"seen:{number}"):
            return Answered.of({})
        data = told["data"]
        file = data["files"][0]["url"] if data["files"] else ""
        self.keep(id=number, thread=data["thread"], text=data["text"], file=file)
        self.tape.remember(f"seen:{number}", "yes")
        return Answered.of({})

    def _data(self, said: Said) -> dict[str, Any]:
        number = said.about if said.act != "message" else f"m-{self.number()}"
        thread, at = said.thread or f"chat-{said.person}", int(time.time())
        claims = {
            "sub": said.person, "iat": at, "exp": at + 600, "nonce": uuid4().hex,
            "name": said.name or said.person,
        }  # fmt: skip
        user = {"id": said.person, "identity": issue(VOUCHES, claims)}
        data: dict[str, Any] = {"id": number, "thread": thread, "user": user, "text": said.text}
        if said.act == "press":
            data["payload"] = said.text
        if said.file:
            url = f"https://{HOST}/files/{said.file}"
            data["files"] = [{"url": url, "name": said.file, "content_type": "image/png"}]
        if said.act == "message":
            self.tape.add(
                id=number, direction="in", thread=thread, person=said.person, text=said.text,
                file=said.file,
            )  # fmt: skip
        return data


def _now() -> datetime:
    return datetime.now(UTC)


def _signed(body: bytes, secret: str) -> Called:
    headers = signing.headers_for(secret, f"msg_{uuid4().hex}", str(int(time.time())), body)
    return Called(body=body, headers=headers)
