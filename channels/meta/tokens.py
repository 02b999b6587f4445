"""Instagram's own tokens live for 60 days, and are renewed long before they end.

What was renewed is kept sealed in Redis, under a digest of the token that the account was connected
with; without Redis that one is used. Connecting the account anew begins anew.
https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from redis import RedisError

from channels import wire
from channels.meta.calls import MALFORMED
from channels.meta.graph import INSTAGRAM
from support import crypto, http
from support.redis import client

_DAY = 24 * 3600
_LIFE = 60 * _DAY
#: A token is renewed when it is this old; one that is refused is tried again the next day.
_RENEWED_AFTER, _AGAIN_AFTER = 20 * _DAY, _DAY


def current(given: str) -> str:
    """The token that is good now, for an account that was connected with ``given``."""
    try:
        kept: Any = client().get(_key(given))
        token, due = crypto.unseal(str(kept, "ascii")) if kept else (given, 0)
        if time.time() < due or not client().set(f"{_key(given)}:asked", 1, nx=True, ex=60):
            return str(token)
        renewed = _renewed(str(token))
        due = time.time() + (_RENEWED_AFTER if renewed else _AGAIN_AFTER)
        client().set(_key(given), crypto.seal([renewed or token, due]), ex=_LIFE)
    except (RedisError, crypto.Undecipherable, ValueError):
        return given
    return renewed or str(token)


def forget(given: str) -> None:
    """What was renewed is refused now."""
    try:
        client().delete(_key(given))
    except RedisError:
        return


def _renewed(token: str) -> str:
    """ "" when it is less than a day old, or worth nothing any more, or Instagram is away."""
    try:
        url = f"{INSTAGRAM}/refresh_access_token"
        answer = wire.get(url, grant_type="ig_refresh_token", access_token=token)
        return str(answer.json()["access_token"]) if answer.is_ok else ""
    except (http.Unreachable, http.Refused, *MALFORMED):
        return ""


def _key(given: str) -> str:
    return f"instagram-token:{hashlib.sha256(given.encode()).hexdigest()[:40]}"
