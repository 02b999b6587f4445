"""Meta's Graph API: how it is asked, what its refusals mean, and when to ask again.

https://developers.facebook.com/docs/graph-api (v25.0, read November 2026). Tokens go in a header,
never in an address that a log might keep.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels import wire
from channels.base import OutboundMessage, Outcome, Result
from channels.meta.calls import MALFORMED
from support import http
from support.http import Answer

FACEBOOK = "https://graph.facebook.com"
INSTAGRAM = "https://graph.instagram.com"
VERSION = "v25.0"
#: Seconds that a large file may take, either way.
PATIENCE = 60.0
#: Some refusals quote the token.
_TOKEN = re.compile(r"[\w|-]{40,}")


@dataclass(frozen=True)
class Graph:
    """One account's way to the API."""

    token: str = field(repr=False)
    base: str = FACEBOOK

    def get(self, path: str, **query: str) -> Answer:
        return wire.get(self._url(path), headers=self._proof, **query)

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return wire.post(self._url(path), json=body, headers=self._proof)

    def upload(
        self, path: str, fields: Mapping[str, str], file: tuple[str, str, str, bytes]
    ) -> Answer:
        """``file`` is its field, name, type and content."""
        body, kind = wire.multipart(fields, [file])
        headers = {**self._proof, "Content-Type": kind}
        url = wire.place(self._url(path))
        return http.post(url, content=body, headers=headers, seconds=PATIENCE)

    def download(self, url: str, *, limit: int, with_token: bool = False) -> Answer:
        headers = self._proof if with_token else {}
        return http.get(wire.place(url), headers=headers, limit=limit, seconds=PATIENCE)

    def _url(self, path: str) -> str:
        return f"{self.base}/{VERSION}/{path}"

    @property
    def _proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class GraphError:
    """A refusal, in Meta's words; WhatsApp's details are better than its message."""

    code: int
    subcode: int
    words: str

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> GraphError:
        """Raises ``ValueError`` or its like for what is no error of Meta's."""
        if not isinstance(error, dict):
            raise TypeError("no error of Meta's")
        more = error.get("error_data")
        details = more.get("details") if isinstance(more, dict) else ""
        said = details or error.get("message") or error.get("title") or ""
        words = _TOKEN.sub("…", " ".join(str(said).split()))[:300]
        return cls(int(error["code"]), int(error.get("error_subcode") or 0), words)

    @property
    def kept(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else str(self.code)
        return f"{number} {self.words}".strip()


@dataclass(frozen=True)
class Meanings:
    """What one product's codes mean. A code with its subcode comes before the code alone."""

    exact: Mapping[tuple[int, int], Outcome]
    codes: Mapping[int, Outcome]
    waits: Mapping[int, float] = field(default_factory=dict)

    def of(self, error: GraphError, status: int) -> Outcome:
        pair = (error.code, error.subcode)
        if pair in self.exact:
            return self.exact[pair]
        if error.code in self.codes:
            return self.codes[error.code]
        if error.code in (3, 10) or 200 <= error.code < 300:  # permissions
            return Outcome.NEVER if error.subcode else Outcome.SIGN_IN
        if 80000 <= error.code < 80100:  # limits of one product for one account
            return Outcome.LATER
        return Outcome.LATER if status >= 500 or status == 429 else Outcome.NEVER

    def result(self, message: OutboundMessage, answer: Answer) -> Result | None:
        """What a refusal comes to; None when it is none. Raises as ``Answer.json`` does."""
        said = answer.json()
        if answer.is_ok and "error" not in said:
            return None
        error = GraphError.of(said["error"])
        outcome = self.of(error, answer.status)
        wait = None
        if outcome is Outcome.LATER:
            wait = _regained_in(answer) or self.waits.get(error.code)
        return Result(key=message.key, outcome=outcome, detail=error.kept, retry_after=wait)


#: The same in all products.
GRAPH_CODES: dict[int, Outcome] = {
    **dict.fromkeys((1, 2, 4, 17, 32, 341, 613), Outcome.LATER),
    **dict.fromkeys((102, 190), Outcome.SIGN_IN),
    **dict.fromkeys((33, 100), Outcome.NEVER),
}


def _regained_in(answer: Answer) -> float | None:
    """Seconds until Meta lets us in again, by its usage header; it counts minutes there."""
    try:
        usage = json.loads(answer.headers.get("x-business-use-case-usage", "{}"))
        minutes = [
            float(each.get("estimated_time_to_regain_access", 0))
            for uses in usage.values()
            for each in uses
        ]
    except MALFORMED:
        return None
    return max(minutes, default=0.0) * 60 or None
