"""Twilio, played for all its products: its signature, its account, its files."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import replace
from hashlib import md5
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings

from channels.capabilities import Unit
from channels.models import Account
from channels.proofs import base64_of
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from channels.simulators.tape import Tape
from channels.simulators.telegram import PIXEL
from channels.splitting import measure

ACCOUNT = "AC" + "5" * 32
TOKEN = "simulated-twilio-token"  # noqa: S105 - opens nothing but this simulator
OWN = "+14155550199"
STORE = "mms.twiliocdn.com"
_BASE = f"/2010-04-01/Accounts/{ACCOUNT}"
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


class TwilioSimulator(Simulator):
    """``answer`` speaks for all products: they have one address."""

    def forged(self, call: Called) -> Called:
        return replace(call, headers={**call.headers, "X-Twilio-Signature": "c29tZWJvZHkgZWxzZQ=="})

    def failure(self, fault: str) -> Answered:
        told = {
            "429": (429, 20429, "Too Many Requests"),
            "500": (500, 20500, "Internal Server Error"),
            "blocked": (400, 21610, "Attempt to send to unsubscribed recipient"),
            "window_closed": (400, 63016, "Outside the allowed window"),
            "bad_token": (401, 20003, "Authenticate"),
        }
        return _refused(*told[fault])

    def answer(self, asked: Asked) -> Answered:
        if asked.host == STORE:
            is_bare = "Authorization" not in asked.headers
            return (
                Answered(body=PIXEL, content_type="image/png") if is_bare else Answered(status=400)
            )
        both = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if asked.headers.get("Authorization") != f"Basic {both}":
            return self.failure("bad_token")
        if asked.path == f"{_BASE}/Messages.json" and asked.method == "POST":
            return self._message(asked.form())
        if asked.path == f"{_BASE}/Calls.json":
            return Answered.of({"calls": _calls(), "next_page_uri": None})
        if "/Media/" in asked.path:
            return Answered(status=307, headers={"Location": f"https://{STORE}/{uuid4().hex}"})
        if asked.path.endswith(".mp3"):
            return Answered(body=b"ID3 simulated", content_type="audio/mpeg")
        if asked.path == f"{_BASE}.json":
            return Answered.of({"sid": ACCOUNT, "status": "active"})
        if asked.path.startswith(f"{_BASE}/IncomingPhoneNumbers"):
            return Answered.of({"incoming_phone_numbers": [{"sid": "PN" + "5" * 32}]})
        return _refused(404, 20404, "The requested resource was not found")

    def _message(self, given: Mapping[str, str]) -> Answered:
        text, file, to = given.get("Body", ""), given.get("MediaUrl", ""), given.get("To", "")
        if not to.removeprefix("+").isdecimal():
            return _refused(400, 21211, f"Invalid 'To' Phone Number: {to[:20]}")
        if given.get("From") != OWN and not given.get("MessagingServiceSid"):
            return _refused(400, 21606, "The 'From' phone number is not valid")
        if not text and not file:
            return _refused(400, 21602, "Message body is required")
        if measure(text, Unit.UTF16) > 1600:
            return _refused(400, 21617, "The concatenated message body exceeds the 1600 limit")
        if self.tape.recall(f"stop:{to}"):
            return self.failure("blocked")
        sid = f"SM{self.number():032x}"
        self.keep(id=sid, thread=f"{to}/{OWN}", text=text, file=file)
        return Answered.of({"sid": sid, "status": "queued", "error_code": None}, status=201)


def signed(kind: str, form: Mapping[str, str], query: Mapping[str, str] | None = None) -> Called:
    """A call of Twilio's to the address of the account that it knows."""
    pairs = {"AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", **form}
    named = "&".join(f"{name}={value}" for name, value in (query or {}).items())
    data = webhook(kind) + (f"?{named}" if named else "")
    data += "".join(name + pairs[name] for name in sorted(pairs))
    proof = base64_of(hmac.digest(TOKEN.encode(), data.encode(), "sha1"))
    headers = {"Content-Type": _FORM, "X-Twilio-Signature": proof}
    return Called(body=urlencode(pairs).encode(), headers=headers, query=dict(query or {}))


def webhook(kind: str) -> str:
    """The address that the operator has given Twilio; none before an account is connected."""
    for account in Account.objects.filter(kind=kind, is_active=True).order_by("-pk"):
        if account.settings.get("account_sid") == ACCOUNT:
            return f"{settings.HARBOUR_URL.rstrip('/')}/hooks/{account.uuid}/"
    return f"{settings.HARBOUR_URL.rstrip('/')}/hooks/"


def number_of(person: str) -> str:
    """A telephone number, always the same for a name; from those that nobody is given."""
    if person.removeprefix("+").isdecimal():
        return person
    digest = md5(person.encode(), usedforsecurity=False).hexdigest()
    return f"+1415555{int(digest[:8], 16) % 90 + 10:02d}{int(digest[8:12], 16) % 90 + 10:02d}"


def heard(simulator: TwilioSimulator, said: Said, sid: str, **values: Any) -> None:
    """Put on the tape what the person said."""
    simulator.tape.add(
        id=sid, direction="in", thread=f"{number_of(said.person)}/{OWN}", person=said.person,
        text=said.text, file=said.file, **values,
    )  # fmt: skip


def _calls() -> list[dict[str, Any]]:
    """The log of calls: those on the tape of the telephone."""
    lines = [line for line in Tape("voice").lines() if line.id.startswith("CA")]
    return [
        {
            "sid": line.id, "from": line.thread.partition("/")[0], "to": OWN,
            "status": line.note, "direction": "inbound", "duration": "12",
            "start_time": "Sat, 21 Nov 2026 10:00:00 +0000",
        }
        for line in lines
    ]  # fmt: skip


def _refused(status: int, code: int, why: str) -> Answered:
    more = f"https://www.twilio.com/docs/errors/{code}"
    told = {"code": code, "message": why, "more_info": more, "status": status}
    return Answered.of(told, status=status)
