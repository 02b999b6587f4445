"""Twilio's REST API: one account, by its SID and auth token.

https://www.twilio.com/docs/usage/api (read November 2026). Files are given out to who knows the
token, by a redirection to a store that must not see it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from channels import wire
from channels.base import Media, OutboundMessage, Outcome, Result
from channels.proofs import secrets_of
from channels.twilio.meanings import outcome_of, words_for
from support import http
from support.http import Answer

HOST = "https://api.twilio.com"
SERVICES = "https://messaging.twilio.com/v1/Services"
_LARGEST = 40 * 1024 * 1024
_HOPS = 3


@dataclass(frozen=True)
class Api:
    account_sid: str
    auth_token: str = field(repr=False)

    @property
    def base(self) -> str:
        return f"{HOST}/2010-04-01/Accounts/{self.account_sid}"

    def get(self, path: str, **query: Any) -> Answer:
        return wire.get(self._url(path), headers=self._proof, **query)

    def post(self, path: str, form: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> Answer:
        return wire.post(self._url(path), form=form, headers=self._proof)

    def wrong(self) -> str:
        """Why the account cannot be used, or ""."""
        answer = self.get(".json")
        said = json.loads(answer.body or b"{}") if answer.status < 500 else {}
        if not answer.is_ok:
            return words_for(str(said.get("code", ""))) or f"Twilio answers {answer.status}"
        return "" if said.get("status") == "active" else f"the account is {said.get('status')}"

    def configure_number(self, number: str, form: Mapping[str, str]) -> str:
        """Tell Twilio where the calls of this number go: why it cannot be done, or ""."""
        found = self.get("/IncomingPhoneNumbers.json", PhoneNumber=number).json()
        numbers = found.get("incoming_phone_numbers") or []
        if not numbers:
            return words_for("21606")
        answer = self.post(f"/IncomingPhoneNumbers/{numbers[0]['sid']}.json", form)
        return "" if answer.is_ok else f"Twilio answers {answer.status}"

    def fetch(self, source: Mapping[str, str]) -> Media:
        """A picture or a recording. Raises ``OSError``, also while it is not there yet."""
        url, headers = source["url"], self._proof
        if not url.startswith(f"{HOST}/"):
            raise OSError("this file is not Twilio's")
        for _ in range(_HOPS):
            answer = http.get(wire.place(url), headers=headers, limit=_LARGEST, seconds=60)
            if answer.status not in (301, 302, 303, 307, 308):
                break
            url = urljoin(url, answer.headers.get("location", ""))
            headers = self._proof if urlsplit(url).netloc == urlsplit(HOST).netloc else {}
        if not answer.is_ok:
            raise OSError(f"Twilio does not give out the file ({answer.status})")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        return Media(content=answer.body, content_type=kind)

    def _url(self, path: str) -> str:
        return path if path.startswith("https://") else f"{self.base}{path}"

    @property
    def _proof(self) -> dict[str, str]:
        token = (secrets_of(self.auth_token) or [""])[0]
        both = base64.b64encode(f"{self.account_sid}:{token}".encode()).decode()
        return {"Authorization": f"Basic {both}"}


def result_of(message: OutboundMessage, answer: Answer) -> Result:
    """Raises ``ValueError`` or its like for what is no answer of Twilio's."""
    said = answer.json()
    if answer.is_ok and not said.get("error_code"):
        return Result(key=message.key, outcome=Outcome.SENT, external_id=str(said["sid"]))
    code = int(said.get("error_code") or said.get("code") or 0)
    wait = answer.headers.get("retry-after", "")
    why = words_for(str(code)) or str(said.get("message") or said.get("error_message") or "")
    return Result(
        key=message.key,
        outcome=outcome_of(code, answer.status),
        detail=f"{code or answer.status} {why[:300]}".strip(),
        retry_after=float(wait) if wait.isdecimal() else None,
    )
