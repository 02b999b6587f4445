"""Standard Webhooks, version 1: https://github.com/standard-webhooks/standard-webhooks (spec).

``webhook-signature`` holds one or more of ``v1,`` and the HMAC-SHA256, in base64, of the call's id,
its time and its body. A secret is base64 behind ``whsec_``.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from channels.base import Forged
from channels.proofs import base64_of, secrets_of

#: How far a call's time may be from ours.
TOLERANCE = timedelta(minutes=5)


def require(headers: Mapping[str, str], setting: str, body: bytes, now: datetime) -> None:
    """Raises ``Forged`` unless one signature is made with one of our secrets, just now."""
    number, at = headers.get("Webhook-Id", ""), headers.get("Webhook-Timestamp", "")
    claimed = headers.get("Webhook-Signature", "").encode("utf-8", "surrogateescape").split(b" ")
    if not number or not (at.isascii() and at.isdecimal() and len(at) < 12):
        raise Forged("a call without an id or a time")
    expected = [sign(key, number, at, body).encode() for key in secrets_of(setting)]
    matches = [hmac.compare_digest(given, each) for given in claimed for each in expected]
    if not any(matches):
        raise Forged("the signature is not the app's")
    if abs(now.timestamp() - int(at)) > TOLERANCE.total_seconds():
        raise Forged("a call of another time")


def sign(secret: str, number: str, at: str, body: bytes) -> str:
    """Raises ``Forged`` when the secret itself is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Forged("the secret is not base64") from error
    if not key:
        raise Forged("there is no secret")
    signed = b"%s.%s." % (number.encode("utf-8", "surrogateescape"), at.encode()) + body
    return "v1," + base64_of(hmac.digest(key, signed, "sha256"))


def headers_for(setting: str, number: str, at: str, body: bytes) -> dict[str, str]:
    """What goes with a call of ours: a signature with each secret, while they change."""
    signatures = [sign(key, number, at, body) for key in secrets_of(setting)]
    return {
        "Content-Type": "application/json",
        "Webhook-Id": number,
        "Webhook-Timestamp": at,
        "Webhook-Signature": " ".join(signatures),
    }
