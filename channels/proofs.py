"""Signatures of webhooks: each scheme once, on the raw bytes, in constant time.

A secret may be two, parted by a comma, so that it can be changed without a gap. What is missing
never proves anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

from channels.base import Forged


def secrets_of(setting: str) -> list[str]:
    """The secrets that are good now."""
    return [each for part in setting.split(",") if (each := part.strip())]


def require_equal(claimed: str, setting: str) -> None:
    """A shared secret in a header or query. Raises ``Forged``."""
    _require(claimed, (secret for secret in secrets_of(setting)))


def require_hmac(
    claimed: str,
    setting: str,
    signed: bytes,
    *,
    digest: str = "sha256",
    prefix: str = "",
    encode: Callable[[bytes], str] = bytes.hex,
) -> None:
    """``prefix`` and the encoded HMAC of ``signed``. Raises ``Forged``."""
    _require(
        claimed,
        (
            prefix + encode(hmac.digest(secret.encode(), signed, digest))
            for secret in secrets_of(setting)
        ),
    )


def require_sorted_sha1(claimed: str, setting: str, *parts: str) -> None:
    """SHA-1 of the sorted parts and the secret, as WeChat and Weibo sign. Raises ``Forged``."""
    _require(claimed, (sorted_sha1(secret, *parts) for secret in secrets_of(setting)))


def sorted_sha1(*parts: str) -> str:
    joined = "".join(sorted(parts)).encode()
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def base64_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _require(claimed: str, expected: Iterable[str]) -> None:
    given = claimed.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(given, each.encode()) for each in expected]
    if not claimed or not any(matches):
        raise Forged("the signature is not the provider's")
