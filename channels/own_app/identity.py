"""Who a person is, signed by the app's own server: a JSON Web Token (RFC 7519) by HMAC-SHA256.

Its claims: ``sub``, the person's id in the app; ``iat`` and ``exp``, ten minutes apart at most;
``nonce``, good for one call; ``email`` and ``name`` where the app has proved them. The app's pages
and telephones never see the secret, so nobody can write in another's name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis import RedisError

from channels.base import Forged
from channels.proofs import secrets_of
from support import http
from support.redis import client

LONGEST = timedelta(minutes=10)
_LARGEST = 4096
_SKEW = 60  # seconds that the app's clock may be ahead of ours


@dataclass(frozen=True, kw_only=True)
class Identity:
    sub: str
    iat: int
    exp: int
    nonce: str
    email: str = ""
    name: str = ""


def opened(token: str, setting: str) -> Identity:
    """What the token says, whenever it was said. Raises ``Forged``."""
    head, _dot, rest = token.partition(".")
    claims, _dot, signature = rest.partition(".")
    if len(token) > _LARGEST or not token.isascii():
        raise Forged("no identity")
    given = signature.encode()
    keys = secrets_of(setting)
    expected = [_encoded(_mac(key, f"{head}.{claims}")).encode() for key in keys]
    if not any([hmac.compare_digest(given, each) for each in expected]):  # noqa: C419
        raise Forged("the identity is not signed by the app")
    if _decoded(head).get("alg") != "HS256":
        raise Forged("the identity is signed in another way")
    told = _decoded(claims)
    try:
        found = Identity(
            sub=str(told["sub"]), iat=int(told["iat"]), exp=int(told["exp"]),
            nonce=str(told["nonce"]), email=str(told.get("email") or ""),
            name=str(told.get("name") or ""),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Forged("the identity lacks a claim") from error
    if not found.sub or not found.nonce or found.exp - found.iat > LONGEST.total_seconds():
        raise Forged("the identity is good for too long, or for nobody")
    return found


def require_now(identity: Identity, account: str, call: str, now: datetime) -> None:
    """Good at this moment, and for no other call than ``call``. Raises ``Forged``.

    Raises ``http.Unreachable`` when nobody can say whether it was used: the app calls again.
    """
    moment = now.timestamp()
    if not identity.iat - _SKEW <= moment <= identity.exp:
        raise Forged("the identity is of another time")
    told = hashlib.sha256(f"{account}\n{identity.nonce}".encode()).hexdigest()[:40]
    key, life = f"app-nonce:{told}", int(LONGEST.total_seconds()) + _SKEW
    try:
        first = client().set(key, call, nx=True, ex=life)
        used: Any = None if first else client().get(key)
    except RedisError as error:
        raise http.Unreachable("nobody can say whether the identity was used") from error
    if not first and used != call.encode():
        raise Forged("the identity was used before")


def issue(secret: str, claims: Mapping[str, object]) -> str:
    """A token as the app's server makes it."""
    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _encoded(json.dumps(dict(claims)).encode())
    return f"{head}.{body}.{_encoded(_mac(secret, f'{head}.{body}'))}"


def _mac(secret: str, signed: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode(), "sha256")


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decoded(part: str) -> dict[str, Any]:
    try:
        told = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Forged("no identity") from error
    if not isinstance(told, dict):
        raise Forged("no identity")
    return told
