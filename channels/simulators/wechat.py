"""WeChat's API for Official Accounts, and its calls in the security mode."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from hashlib import md5
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from channels.capabilities import Unit
from channels.proofs import sorted_sha1
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.simulators.telegram import PIXEL
from channels.splitting import measure
from channels.wechat.crypt import seal

TOKEN = "simulated-wechat-token"  # noqa: S105 - opens nothing but this simulator
AES_KEY = "c2ltdWxhdGVkLXdlY2hhdC1hZXMta2V5LTMyLWJ5dGU"
APP_ID, APP_SECRET = "wx5111111111111111", "simulated-wechat-app-secret"
OWN = "gh_harbour"
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
_EVENTS = {"press": "CLICK", "block": "unsubscribe", "start": "subscribe"}
_LIFE = 7200


class WeChatSimulator(Simulator):
    kind = "wechat"
    label = "WeChat"
    hosts = ("api.weixin.qq.com",)
    acts = ("message", "press", "block", "start")

    @staticmethod
    def account() -> dict[str, Any]:
        return {"app_id": APP_ID, "app_secret": APP_SECRET, "token": TOKEN, "aes_key": AES_KEY}

    def calls(self, said: Said) -> list[Called]:
        openid = person_id(said.person)
        told = {
            "ToUserName": OWN,
            "FromUserName": openid,
            "CreateTime": str(int(time.time())),
            **self._content(said, openid),
        }
        fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
        return [_signed(f"<xml>{fields}</xml>", openid, TOKEN)]

    def forged(self, call: Called) -> Called:
        query = dict(call.query)
        parts = ("somebody-else", query["timestamp"], query["nonce"])
        sealed = call.body.decode().partition("<Encrypt>")[2].partition("</Encrypt>")[0]
        query["signature"] = sorted_sha1(*parts)
        query["msg_signature"] = sorted_sha1(*parts, sealed)
        return replace(call, query=query)

    def failure(self, fault: str) -> Answered:
        if fault == "500":
            return Answered(status=500, body=b"Internal Server Error", content_type="text/plain")
        told = {
            "429": (45011, "api minute-quota reach limit  must slower  retry next minute"),
            "blocked": (43004, "require subscribe"),
            "window_closed": (45015, "response out of time limit or subscription is canceled"),
            "bad_token": (40001, "invalid credential, access_token is invalid or not latest"),
        }
        return _error(*told[fault])

    def is_errand(self, asked: Asked) -> bool:
        return asked.path in ("/cgi-bin/stable_token", "/cgi-bin/media/upload")

    def answer(self, asked: Asked) -> Answered:
        if asked.path == "/cgi-bin/stable_token":
            return self._token(asked.json())
        token = self.tape.recall("token")
        if not token or asked.query.get("access_token") != token:
            return self.failure("bad_token")
        if asked.path == "/cgi-bin/get_api_domain_ip":
            return Answered.of({"ip_list": ["192.0.2.1"]})
        if asked.path == "/cgi-bin/media/get":
            return Answered(body=PIXEL, content_type="image/png")
        if asked.path == "/cgi-bin/media/upload":
            media = {"type": asked.query.get("type"), "media_id": uuid4().hex}
            return Answered.of({**media, "created_at": int(time.time())})
        if asked.path == "/cgi-bin/message/custom/send":
            return self._send(asked)
        return _error(404, "not found")

    def _token(self, asked: dict[str, Any]) -> Answered:
        if asked.get("appid") != self.settings.get("app_id"):
            return _error(40013, "invalid appid")
        if asked.get("secret") != self.settings.get("app_secret"):
            return _error(40125, "invalid appsecret")
        token = "" if asked.get("force_refresh") else self.tape.recall("token")
        token = token or f"simulated-{uuid4().hex}"
        self.tape.remember("token", token, _LIFE)
        return Answered.of({"access_token": token, "expires_in": _LIFE})

    def _send(self, asked: Asked) -> Answered:
        if _ESCAPED.search(asked.body):
            return _error(40033, "invalid charset. if include \\uxxxx will create fail!")
        given = asked.json()
        openid, kind = str(given.get("touser", "")), str(given.get("msgtype", ""))
        text = str(given.get(kind, {}).get("content", ""))
        if not re.fullmatch(r"o[0-9A-Za-z_-]{27}", openid):
            return _error(40003, "invalid openid")
        if kind == "text" and not text:
            return _error(44004, "empty content")
        if measure(text, Unit.BYTES) > 2048:
            return _error(45002, "content size out of limit")
        since = self._since_heard(openid)
        if since is None:
            return self.failure("window_closed")
        if since >= 5:
            return _error(45047, "out of response count limit")
        file = str(given.get(kind, {}).get("media_id", ""))
        self.keep(id=str(self.number()), thread=openid, text=text, file=file)
        return Answered.of({"errcode": 0, "errmsg": "ok"})

    def _since_heard(self, openid: str) -> int | None:
        """How many messages of ours follow their last; None if they never wrote."""
        ways = [line.direction for line in self.tape.lines(openid)][::-1]
        return ways.index("in") if "in" in ways else None

    def _content(self, said: Said, openid: str) -> dict[str, str]:
        if said.act != "message":
            name = _EVENTS.get(said.act, said.act)
            return {"MsgType": "event", "Event": name, "EventKey": said.text}
        number = str(self.number())
        self.tape.add(
            id=number, direction="in", thread=openid, person=said.person, text=said.text,
            file=said.file,
        )  # fmt: skip
        if said.file:
            media = {"PicUrl": "http://mmbiz.qpic.cn/1.png", "MediaId": uuid4().hex}
            return {"MsgType": "image", **media, "MsgId": number}
        return {"MsgType": "text", "Content": said.text, "MsgId": number}


def person_id(person: str) -> str:
    """An openid: o and 27 more characters, always the same for a name."""
    if re.fullmatch(r"o[0-9A-Za-z_-]{27}", person):
        return person
    return "o" + md5(person.encode(), usedforsecurity=False).hexdigest()[:27]


def _signed(content: str, openid: str, token: str) -> Called:
    sealed = seal(content.encode(), AES_KEY, APP_ID)
    timestamp, nonce = str(int(time.time())), str(uuid4().int)[:10]
    body = f"<xml><ToUserName>{OWN}</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
    query = {
        "signature": sorted_sha1(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
        "encrypt_type": "aes",
        "msg_signature": sorted_sha1(token, timestamp, nonce, sealed),
    }
    return Called(body=body.encode(), headers={"Content-Type": "text/xml"}, query=query)


def _error(code: int, why: str) -> Answered:
    return Answered.of({"errcode": code, "errmsg": f"{why} rid: {uuid4().hex[:8]}"})
