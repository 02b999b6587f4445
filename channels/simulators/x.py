"""X's API and the calls of its Activity API."""

from __future__ import annotations

import hmac
import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import md5
from typing import Any
from uuid import uuid4

from channels.capabilities import Unit
from channels.proofs import base64_of
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.simulators.telegram import PIXEL
from channels.splitting import measure

SECRET, CLIENT = "simulated-x-consumer-secret", "simulated-x-client"
TOKEN, REFRESH = "simulated-x-access-token", "simulated-x-refresh-token"
OWN = "1111111111111111111"


class XSimulator(Simulator):
    kind = "x"
    label = "X"
    hosts = ("api.x.com", "pbs.twimg.com", "ton.twitter.com")
    acts = ("message", "delete", "encrypted", "revoke")

    @staticmethod
    def account() -> dict[str, Any]:
        return {
            "user_id": OWN, "consumer_secret": SECRET, "client_id": CLIENT,
            "access_token": TOKEN, "refresh_token": REFRESH,
        }  # fmt: skip

    def calls(self, said: Said) -> list[Called]:
        kind, payload = self._event(said)
        person = {"id": person_id(said.person), "name": said.name or said.person}
        data = {
            "event_uuid": str(uuid4().int)[:19],
            "filter": {"user_id": OWN},
            "event_type": kind,
            "tag": "harbour",
            "payload": payload,
            "includes": {"users": [{**person, "username": said.person}]},
        }
        return [_signed(json.dumps({"data": data}, ensure_ascii=False).encode(), SECRET)]

    def forged(self, call: Called) -> Called:
        return replace(call, headers=_signed(call.body, "somebody-else").headers)

    def failure(self, fault: str) -> Answered:
        told = {
            "429": (429, "Too Many Requests", "Too Many Requests"),
            "500": (500, "Internal Server Error", "Something is broken"),
            "blocked": (403, "Forbidden", "You cannot send messages to this user."),
            "window_closed": (403, "Forbidden", "You cannot send messages to this user."),
            "bad_token": (401, "Unauthorized", "Unauthorized"),
        }
        status, title, detail = told[fault]
        problem = {"title": title, "detail": detail, "type": "about:blank", "status": status}
        return Answered.of(problem, status=status, x_rate_limit_reset=str(int(time.time()) + 30))

    def is_errand(self, asked: Asked) -> bool:
        return asked.path in ("/2/oauth2/token", "/2/media/upload")

    def answer(self, asked: Asked) -> Answered:
        if asked.host != "api.x.com":
            return Answered(body=PIXEL, content_type="image/png")
        if asked.path == "/2/oauth2/token":
            return self._token(asked.form())
        good = {f"Bearer {TOKEN}", f"Bearer {self.tape.recall('token') or TOKEN}"}
        if asked.headers.get("Authorization") not in good:
            return self.failure("bad_token")
        if found := re.fullmatch(r"/2/dm_conversations/with/(\d+)/messages", asked.path):
            return self._message(found[1], asked.json())
        if asked.path == "/2/tweets":
            return self._post(asked.json())
        if asked.path == "/2/media/upload":
            return Answered.of({"data": {"id": str(self._id())}})
        if asked.path == "/2/users/me":
            return Answered.of({"data": {"id": OWN, "username": "harbour"}})
        if asked.path == "/2/dm_events" or asked.path.endswith("/mentions"):
            return Answered.of({"meta": {"result_count": 0}})
        return Answered.of({"title": "Not Found", "type": "about:blank"}, status=404)

    def _token(self, given: dict[str, str]) -> Answered:
        """Each refresh token is good once."""
        if given.get("refresh_token") != (self.tape.recall("refresh") or REFRESH):
            return Answered.of({"error": "invalid_request"}, status=400)
        access, refresh = f"simulated-x-{uuid4().hex}", f"simulated-x-{uuid4().hex}"
        self.tape.remember("token", access)
        self.tape.remember("refresh", refresh)
        return Answered.of(
            {"token_type": "bearer", "expires_in": 7200, "access_token": access,
             "refresh_token": refresh}
        )  # fmt: skip

    def _message(self, person: str, given: dict[str, Any]) -> Answered:
        text, files = str(given.get("text", "")), given.get("attachments") or []
        if (not text and not files) or len(text) > 10_000:
            return _problem(400, "One or more parameters to your request was invalid.")
        thread, number = _thread(person), str(self._id())
        self.keep(id=number, thread=thread, text=text)
        return Answered.of({"data": {"dm_conversation_id": thread, "dm_event_id": number}}, 201)

    def _post(self, given: dict[str, Any]) -> Answered:
        text = str(given.get("text", ""))
        answered = str((given.get("reply") or {}).get("in_reply_to_tweet_id", ""))
        if not text or measure(text, Unit.WEIGHTED) > 280:
            return _problem(400, "Your post is too long.")
        line = next((each for each in self.tape.lines() if each.id == answered), None)
        if line is None or not line.is_public:
            return _problem(403, "You are not permitted to perform this action.")
        number = str(self._id())
        self.keep(id=number, thread=line.thread, text=text, is_public=True)
        return Answered.of({"data": {"id": number, "text": text}}, 201)

    def _event(self, said: Said) -> tuple[str, dict[str, Any]]:
        person, number = person_id(said.person), str(self._id())
        if said.act == "delete":
            return "post.delete", {"id": said.about, "author_id": person}
        if said.act == "revoke":
            at = datetime.now(UTC).isoformat()
            return "oauth.revoke", {"date_time": at, "user_id": OWN, "app_id": "1"}
        if said.act == "encrypted":
            return "chat.received", {
                "id": str(uuid4()), "created_at_msec": str(int(time.time() * 1000)),
                "sender_id": person, "conversation_id": f"{person}:{OWN}", "encoded_event": "CwAB",
            }  # fmt: skip
        if said.act != "message":
            return said.act, {}
        thread = (said.thread or f"post:{number}") if said.is_public else _thread(person)
        self.tape.add(
            id=number, direction="in", thread=thread, person=said.person, text=said.text,
            file=said.file, is_public=said.is_public,
        )  # fmt: skip
        if said.is_public:
            return "post.mention.create", {
                "id": number, "author_id": person, "text": f"@harbour {said.text}",
                "created_at": datetime.now(UTC).isoformat(), "lang": "und",
                "conversation_id": thread.removeprefix("post:"),
            }  # fmt: skip
        return "dm.received", _private(person, number, said)

    def _id(self) -> int:
        """Ids rise with time, as X's do."""
        return 2_080_000_000_000_000_000 + self.number()


def person_id(person: str) -> str:
    """A number, always the same for a name."""
    if person.isdecimal():
        return person
    digest = md5(person.encode(), usedforsecurity=False).hexdigest()
    return str(2 * 10**18 + int(digest[:12], 16))


def _private(person: str, number: str, said: Said) -> dict[str, Any]:
    data: dict[str, Any] = {"text": said.text, "entities": {"urls": []}}
    if said.file:
        url = f"https://ton.twitter.com/1.1/ton/data/dm/{number}/1/{said.file}"
        data["attachment"] = {"type": "media", "media": {"media_url_https": url}}
    made = {"target": {"recipient_id": OWN}, "sender_id": person, "message_data": data}
    event = {
        "type": "message_create", "id": number,
        "created_timestamp": str(int(time.time() * 1000)), "message_create": made,
    }  # fmt: skip
    known = {"data": {"id": person, "name": said.name or said.person}}
    return {"direct_message_events": [event], "users": {person: known}}


def _thread(person: str) -> str:
    return "-".join(sorted((person, OWN), key=lambda each: (len(each), each)))


def _problem(status: int, detail: str) -> Answered:
    told = {"title": "Problem", "detail": detail, "type": "about:blank", "status": status}
    return Answered.of(told, status)


def _signed(body: bytes, secret: str) -> Called:
    proof = "sha256=" + base64_of(hmac.digest(secret.encode(), body, "sha256"))
    return Called(
        body=body,
        headers={"Content-Type": "application/json", "X-Twitter-Webhooks-Signature": proof},
    )
