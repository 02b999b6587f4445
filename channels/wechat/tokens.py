"""The access token: good for two hours, one for all processes, kept sealed in Redis.

``stable_token`` gives the same token to everybody who asks while it is good, so that nobody takes
it from another; only one asks at a time all the same.
https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis import RedisError

from channels import wire
from support import crypto, http
from support.http import Answer
from support.redis import client

API = "https://api.weixin.qq.com/cgi-bin"
#: WeChat renews a token by itself five minutes before its end.
_EARLY = 300
_LOCK_SECONDS, _WAIT_SECONDS = 25, 12


class NoToken(Exception):
    """WeChat refuses one; ``answer`` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("no access token")
        self.answer = answer


@dataclass(frozen=True)
class Tokens:
    app_id: str
    app_secret: str = field(repr=False)

    def current(self, refused: str = "") -> str:
        """One that is not ``refused``. Raises ``NoToken`` or ``http.Unreachable``."""
        if (kept := self._kept()) and kept != refused:
            return kept
        try:
            lock = client().lock(
                f"{self._key}:lock", timeout=_LOCK_SECONDS, blocking_timeout=_WAIT_SECONDS
            )
            with lock:
                if (kept := self._kept()) and kept != refused:
                    return kept
                return self._renewed(refused)
        except RedisError:
            return self._renewed(refused)

    def _renewed(self, refused: str) -> str:
        """The one that is good now is taken; only if that is ``refused`` another is forced."""
        token, seconds = self._ask(force=False)
        if token == refused:
            token, seconds = self._ask(force=True)
        try:
            client().set(self._key, crypto.seal(token), ex=max(60, seconds - _EARLY))
        except RedisError:
            return token
        return token

    def _ask(self, *, force: bool) -> tuple[str, int]:
        asked = {
            "grant_type": "client_credential",
            "appid": self.app_id,
            "secret": self.app_secret,
            "force_refresh": force,
        }
        answer = preparing(lambda: wire.post(f"{API}/stable_token", json=asked))
        try:
            said = answer.json()
            if "access_token" not in said:
                raise NoToken(answer)
            return str(said["access_token"]), int(said.get("expires_in", 0))
        except (ValueError, TypeError) as error:
            raise http.Unreachable("WeChat's answer cannot be read") from error

    def _kept(self) -> str:
        try:
            kept: Any = client().get(self._key)
            return str(crypto.unseal(str(kept, "ascii"))) if kept else ""
        except (RedisError, crypto.Undecipherable, ValueError):
            return ""

    @property
    def _key(self) -> str:
        whose = f"{self.app_id} {self.app_secret}".encode()
        return f"wechat-token:{hashlib.sha256(whose).hexdigest()[:40]}"


def preparing(call: Callable[[], Answer]) -> Answer:
    """What only prepares a message: whatever goes wrong, none has left yet."""
    try:
        answer = call()
    except http.Unreachable as error:
        raise http.Unreachable(str(error)) from error
    if answer.status >= 500:
        raise http.Unreachable(f"WeChat answers {answer.status}")
    return answer
