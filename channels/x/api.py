"""X's API, version 2, in the account's own name.

https://docs.x.com/x-api (read November 2026). There is no key that would drop a repetition, and no
Retry-After: ``x-rate-limit-reset`` names the second from which on one may ask again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from channels import wire
from channels.base import Media
from channels.x.tokens import API, Tokens
from support import http
from support.http import Answer

#: Where public pictures and films are; those of direct messages want our right.
_PUBLIC = ("pbs.twimg.com", "video.twimg.com")
_PRIVATE = ("ton.twitter.com", "ton.x.com")
_LARGEST = 100 * 1024 * 1024


@dataclass(frozen=True)
class Api:
    tokens: Tokens

    def get(self, path: str, **query: Any) -> Answer:
        return self._ask(lambda headers: wire.get(f"{API}{path}", headers=headers, **query))

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self._ask(lambda headers: wire.post(f"{API}{path}", json=body, headers=headers))

    def upload(self, name: str, content_type: str, content: bytes, category: str) -> Answer:
        """A file for a message. Whatever goes wrong, no message has left yet."""
        body, kind = wire.multipart(
            {"media_category": category, "media_type": content_type},
            [("media", name, content_type, content)],
        )
        try:
            answer = self._ask(
                lambda headers: wire.post(
                    f"{API}/media/upload", content=body, headers={**headers, "Content-Type": kind}
                )
            )
        except http.Unreachable as error:
            raise http.Unreachable(str(error)) from error
        if answer.status >= 500:
            raise http.Unreachable(f"X takes no files now ({answer.status})")
        return answer

    def fetch(self, url: str) -> Media:
        """Raises ``OSError``."""
        host = urlsplit(url).netloc
        if host in _PUBLIC:
            answer = self._file(url, {})
        elif host in _PRIVATE:
            answer = self._ask(lambda headers: self._file(url, headers))
        else:
            raise OSError("this file is not X's")
        if not answer.is_ok:
            raise OSError(f"X does not give out the file ({answer.status})")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        name = urlsplit(url).path.rpartition("/")[2]
        return Media(content=answer.body, name=name[:100], content_type=kind)

    def _file(self, url: str, headers: Mapping[str, str]) -> Answer:
        return http.get(wire.place(url), headers=headers, limit=_LARGEST, seconds=60)

    def _ask(self, call: Callable[[Mapping[str, str]], Answer]) -> Answer:
        """With the token that we have; once more with a new one when X does not take it."""
        answer = call({"Authorization": f"Bearer {self.tokens.access}"})
        if answer.status != 401:
            return answer
        renewed = self.tokens.renewed(self.tokens.access)
        return call({"Authorization": f"Bearer {renewed}"}) if renewed else answer


def wait_of(answer: Answer) -> float | None:
    """How long X wants us to wait, in seconds."""
    reset = answer.headers.get("x-rate-limit-reset", "")
    return max(1.0, float(reset) - time.time()) if reset.isdecimal() else None
