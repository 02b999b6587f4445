"""Weibo's fan service, which calls us, and its lists of comments, which we ask for."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4
from zlib import crc32

from channels.proofs import sorted_sha1
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.simulators.tape import Heard
from channels.simulators.telegram import PIXEL

SECRET = "simulated-weibo-app-secret"  # noqa: S105 - opens nothing but this simulator
TOKEN = "simulated-weibo-token"  # noqa: S105
ACCOUNT_TOKEN = "simulated-weibo-account-token"  # noqa: S105
OWN, POST = 1000000001, 4000000000000001
_EVENTS = {"press": "click", "block": "unfollow", "start": "follow"}
_WRITES = ("/2/comments/reply.json", "/2/comments/create.json")
_LISTS = {"/2/comments/to_me.json": "comments", "/2/comments/mentions.json": "comments",
          "/2/statuses/mentions.json": "statuses"}  # fmt: skip


class WeiboSimulator(Simulator):
    kind = "weibo"
    label = "Weibo"
    hosts = ("m.api.weibo.com", "api.weibo.com", "upload.api.weibo.com")
    acts = ("message", "press", "block", "start")

    @staticmethod
    def account() -> dict[str, Any]:
        return {
            "app_secret": SECRET,
            "access_token": TOKEN,
            "account_id": str(OWN),
            "account_token": ACCOUNT_TOKEN,
        }

    def calls(self, said: Said) -> list[Called]:
        """A public comment is pushed as a mention, and stands in the list of comments, too."""
        push = {
            "receiver_id": OWN,
            "sender_id": person_id(said.person),
            "created_at": _now(),
            **self._content(said),
        }
        return [_signed(json.dumps(push, ensure_ascii=False).encode(), SECRET)]

    def forged(self, call: Called) -> Called:
        return replace(call, query=_signed(call.body, "somebody-else").query)

    def failure(self, fault: str) -> Answered:
        if fault == "500":
            return Answered(status=500, body=b"Internal Server Error", content_type="text/plain")
        told = {
            "429": (10023, "User requests out of rate limit!"),
            "blocked": (20301, "Can't send direct message to user who is not your follower!"),
            "window_closed": (20301, "Can't send direct message to user who is not your follower!"),
            "bad_token": (21327, "expired_token"),
        }
        return _error(*told[fault])

    def is_errand(self, asked: Asked) -> bool:
        return asked.method == "GET"

    def answer(self, asked: Asked) -> Answered:
        is_private = not asked.host.startswith("api.")
        given = asked.form() if asked.method == "POST" else asked.query
        name = "access_token" if is_private else "account_token"
        if given.get("access_token") != self.settings.get(name):
            return self.failure("bad_token")
        if asked.path == "/2/messages/reply.json":
            return self._reply(asked.form())
        if asked.path in _WRITES:
            return self._comment(asked.form())
        if asked.path in _LISTS:
            return self._list(asked)
        if asked.path == "/2/comments/show_batch.json":
            chosen = asked.query.get("cids", "").split(",")
            return Answered.of([_comment(line) for line in self._public() if line.id in chosen])
        if asked.path == "/2/account/get_uid.json":
            return Answered.of({"uid": OWN})
        if asked.path == "/2/mss/msget":
            return Answered(body=PIXEL, content_type="image/png")
        return _error(10020, "Request api not found!")

    def _reply(self, form: dict[str, str]) -> Answered:
        text = str(json.loads(form["data"]).get("text", ""))
        to = form.get("receiver_id", "")
        if not 0 < len(text) <= 300:
            return _error(20013, "Text too long, please input text less than 300 characters!")
        if not any(line.direction == "in" for line in self.tape.lines(to)):
            return self.failure("window_closed")
        self.keep(id=str(self.number()), thread=to, text=text)
        said = {"type": "text", "data": {"text": text}}
        return Answered.of({"result": True, "receiver_id": int(to), **said})

    def _comment(self, form: dict[str, str]) -> Answered:
        text, about = form.get("comment", ""), form.get("cid", "")
        if not 0 < len(text) <= 140:
            return _error(20012, "Text too long, please input text less than 140 characters!")
        if about and about not in [line.id for line in self._public()]:
            return _error(20201, "Target weibo comment does not exist!")
        number = str(self.number())
        self.keep(id=number, thread=f"{form.get('id')}/{OWN}", text=text, is_public=True)
        return Answered.of({"id": int(number), "text": text, "created_at": _now()})

    def _list(self, asked: Asked) -> Answered:
        """The newest first, and only comments under our own post."""
        since, below = int(asked.query.get("since_id", 0)), int(asked.query.get("max_id", 0))
        count = int(asked.query.get("count", 50))
        is_wanted = asked.path == "/2/comments/to_me.json"
        new = [line for line in self._public() if is_wanted and int(line.id) > since]
        found = [line for line in new if not below or int(line.id) <= below][::-1][:count]
        return Answered.of({_LISTS[asked.path]: [_comment(line) for line in found]})

    def _public(self) -> list[Heard]:
        return [line for line in self.tape.lines() if line.is_public and line.direction == "in"]

    def _content(self, said: Said) -> dict[str, Any]:
        if said.act != "message":
            data = {"subtype": _EVENTS.get(said.act, said.act), "key": said.text}
            return {"type": "event", "text": "事件消息", "data": data}
        person = str(person_id(said.person))
        line = self.tape.add(
            id=str(self.number()), direction="in", person=said.person, text=said.text,
            thread=f"{POST}/{person}" if said.is_public else person,
            file=said.file, is_public=said.is_public,
        )  # fmt: skip
        if said.is_public:
            about = {"subtype": "comment", "key": int(line.id)}
            return {"type": "mention", "text": said.text, "data": about}
        if said.file:
            return {"type": "image", "text": "分享图片", "data": {"vfid": 1, "tovfid": 2}}
        return {"type": "text", "text": said.text, "data": {}}


def person_id(person: str) -> int:
    """A number as Weibo gives its users, always the same for a name."""
    return int(person) if person.isdecimal() else 2_000_000_000 + crc32(person.encode())


def _comment(line: Heard) -> dict[str, Any]:
    return {
        "created_at": _now(),
        "id": int(line.id),
        "text": line.text,
        "user": {"id": person_id(line.person), "screen_name": line.person},
        "status": {"id": POST, "text": "公告", "user": {"id": OWN}},
    }


def _signed(body: bytes, secret: str) -> Called:
    timestamp, nonce = str(int(time.time() * 1000)), str(uuid4().int)[:8]
    query = {
        "signature": sorted_sha1(secret, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return Called(body=body, headers={"Content-Type": "application/json"}, query=query)


def _now() -> str:
    return time.strftime("%a %b %d %H:%M:%S +0000 %Y", time.gmtime())


def _error(code: int, why: str) -> Answered:
    return Answered.of({"error": why, "error_code": code, "request": "/2/"}, status=403)
