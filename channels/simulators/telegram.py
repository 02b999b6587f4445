"""Telegram's Bot API and its webhooks, as far as a support desk meets them."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import Any
from zlib import crc32

from channels.capabilities import Unit
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.splitting import measure

TOKEN = "1234567:simulated"  # noqa: S105 - opens nothing but this simulator
SECRET = "simulated-telegram-secret"  # noqa: S105
_PATH = re.compile(r"/?(?:file/)?bot(?P<token>[^/]+)/(?P<method>.+)")
#: 1 x 1 pixels: what every file of a customer's holds.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8"
    "cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


class TelegramSimulator(Simulator):
    kind = "telegram"
    label = "Telegram"
    hosts = ("api.telegram.org",)
    acts = ("message", "edit", "press", "block", "start")

    @staticmethod
    def account() -> dict[str, Any]:
        return {"bot_token": TOKEN, "webhook_secret": SECRET}

    def calls(self, said: Said) -> list[Called]:
        update = {"update_id": self.number(), **self._update(said)}
        return [Called(body=json.dumps(update).encode(), headers=self._signed(SECRET))]

    def forged(self, call: Called) -> Called:
        return replace(call, headers=self._signed("somebody-else"))

    def failure(self, fault: str) -> Answered:
        told: dict[str, tuple[int, str]] = {
            "429": (429, "Too Many Requests: retry after 1"),
            "500": (500, "Internal Server Error"),
            "blocked": (403, "Forbidden: bot was blocked by the user"),
            "window_closed": (403, "Forbidden: bot can't initiate conversation with a user"),
            "bad_token": (401, "Unauthorized"),
        }
        status, text = told[fault]
        more = {"parameters": {"retry_after": 1}} if status == 429 else {}
        return Answered.of(
            {"ok": False, "error_code": status, "description": text, **more}, status=status
        )

    def answer(self, asked: Asked) -> Answered:
        found = _PATH.fullmatch(asked.path)
        if found is None or found["token"] != self.settings.get("bot_token"):
            return self.failure("bad_token")
        if asked.path.lstrip("/").startswith("file/"):
            return Answered(body=PIXEL, content_type="image/png")
        method = found["method"]
        if method == "getFile":
            path = {"file_id": asked.query.get("file_id", ""), "file_path": "photos/file_1.png"}
            return Answered.of({"ok": True, "result": {**path, "file_size": len(PIXEL)}})
        if method in ("sendMessage", "sendPhoto", "sendDocument"):
            return self._send(method, asked.fields())
        if method in ("getMe", "setWebhook", "getWebhookInfo"):
            return Answered.of({"ok": True, "result": {"id": 1234567, "username": "harbour_bot"}})
        return _bad(404, "Not Found")

    def _send(self, method: str, fields: dict[str, Any]) -> Answered:
        chat, text = str(fields.get("chat_id", "")), str(fields.get("text", ""))
        text = text or str(fields.get("caption", ""))
        limit = 4096 if method == "sendMessage" else 1024
        if not re.fullmatch(r"-?\d+", chat):
            return _bad(400, "Bad Request: chat not found")
        if method == "sendMessage" and not text.strip():
            return _bad(400, "Bad Request: message text is empty")
        if measure(text, Unit.UTF16) > limit:
            return _bad(400, "Bad Request: message is too long")
        number = self.number()
        kept = self.keep(
            id=f"{chat}:{number}", thread=chat, text=text, file=str(fields.get("file", ""))
        )
        result = {
            "message_id": number,
            "chat": {"id": int(chat), "type": "private"},
            "date": int(time.time()),
            "text": kept.text,
        }
        return Answered.of({"ok": True, "result": result})

    def _update(self, said: Said) -> dict[str, Any]:
        person = {
            "id": person_id(said.person),
            "is_bot": False,
            "first_name": said.name or said.person,
            "language_code": "zh-hans"
            if any("\u4e00" <= c <= "\u9fff" for c in said.text)
            else "en",
        }
        chat = {"id": int(said.thread or person_id(said.person)), "type": "private"}
        now = int(time.time())
        if said.act in ("block", "start"):
            status = "kicked" if said.act == "block" else "member"
            change = {"chat": chat, "from": person, "date": now}
            return {"my_chat_member": {**change, "new_chat_member": {"status": status}}}
        if said.act == "press":
            asked = {"message_id": _number(said.about), "chat": chat, "date": now}
            query = {"id": str(self.number()), "from": person, "data": said.text}
            return {"callback_query": {**query, "message": asked}}
        message = {"from": person, "chat": chat, "date": now, "text": said.text}
        if said.act == "edit":
            message |= {"message_id": _number(said.about), "edit_date": now}
            return {"edited_message": message}
        return {"message": {**message, **self._content(said, str(chat["id"]))}}

    def _content(self, said: Said, chat: str) -> dict[str, Any]:
        number = self.number()
        self.tape.add(
            id=f"{chat}:{number}", direction="in", thread=chat, person=said.person,
            text=said.text, file=said.file,
        )  # fmt: skip
        content: dict[str, Any] = {"message_id": number}
        if said.file:
            photo = {"file_id": f"file-{number}", "width": 1, "height": 1, "file_size": len(PIXEL)}
            content |= {"photo": [photo], "caption": said.text, "text": ""}
        if said.about:
            answered = {"message_id": _number(said.about), "chat": {"id": int(chat)}}
            content["reply_to_message"] = answered
        return content

    def _signed(self, secret: str) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "X-Telegram-Bot-Api-Secret-Token": secret,
        }


def person_id(person: str) -> int:
    """A number for a name, as Telegram numbers its users: always the same."""
    return int(person) if person.isdecimal() else 10_000_000 + crc32(person.encode()) % 90_000_000


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _number(message_id: str) -> int:
    return int(message_id.rpartition(":")[2] or 0)


def _bad(status: int, text: str) -> Answered:
    return Answered.of({"ok": False, "error_code": status, "description": text}, status=status)
