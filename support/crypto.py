"""Signed tokens for links, short marks for addresses and Message-IDs, secrets sealed at rest."""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.db import models

Payload = dict[str, str | int]

LONGEST_LIFE = timedelta(days=30)
LONGEST_TOKEN = 4096


class BadToken(ValueError):
    """Not a token of ours for this purpose: refuse, and say no more than that."""


class ExpiredToken(BadToken):
    """It was ours and its time is over: offer to send a new one."""


class Undecipherable(RuntimeError):
    """None of HARBOUR_KEYS opens this value: a key was dropped before its values were re-saved."""


def sign(purpose: str, payload: Payload, *, max_age: timedelta, now: datetime | None = None) -> str:
    """Return a URL-safe token that only ``verify`` with the same purpose takes, until it ages."""
    if not timedelta(0) < max_age <= LONGEST_LIFE:
        raise ValueError(f"a token lives at most {LONGEST_LIFE.days} days")
    ends = int(((now or datetime.now(UTC)) + max_age).timestamp())
    body = json.dumps([ends, payload], separators=(",", ":"), sort_keys=True).encode()
    return _signer(purpose).sign(base64.urlsafe_b64encode(body).decode().rstrip("="))


def verify(purpose: str, token: str, *, now: datetime | None = None) -> Payload:
    """Return what was signed; raise BadToken or its kind ExpiredToken."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadToken
    try:
        body = _signer(purpose).unsign(token)
    except signing.BadSignature:
        raise BadToken from None
    ends, payload = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if (now or datetime.now(UTC)).timestamp() >= ends:
        raise ExpiredToken
    signed: Payload = payload
    return signed


def short_mac(purpose: str, *parts: str, bits: int = 128) -> str:
    """Return lower-case letters and digits that prove we wrote these parts; see ``is_our_mac``."""
    return _mac(settings.SECRET_KEY, purpose, parts, bits)


def is_our_mac(mac: str, purpose: str, *parts: str, bits: int = 128) -> bool:
    """Check a mark in constant time; mail servers may have changed its case on the way."""
    if not mac.isascii():
        return False
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    given = mac.lower()
    return any(
        [hmac.compare_digest(given, _mac(str(key), purpose, parts, bits)) for key in keys]  # noqa: C419
    )


def _mac(key: str, purpose: str, parts: tuple[str, ...], bits: int) -> str:
    if bits % 8 or not 64 <= bits <= 256:
        raise ValueError("a mark has 64 to 256 bits, in whole bytes")
    secret = hashlib.sha256(f"harbour.mac:{key}".encode()).digest()
    said = json.dumps([purpose, *parts]).encode()  # a list, so that parts cannot run together
    mark = hmac.new(secret, said, hashlib.sha256).digest()[: bits // 8]
    return base64.b32encode(mark).decode().rstrip("=").lower()


def _signer(purpose: str) -> signing.Signer:
    return signing.Signer(salt=f"harbour.token:{purpose}", sep=".", algorithm="sha256")


def seal(value: Any) -> str:
    """Encrypt a JSON value with the first of HARBOUR_KEYS."""
    plain = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return _locks(tuple(settings.HARBOUR_KEYS)).encrypt(plain.encode()).decode()


def unseal(sealed: str) -> Any:
    """Decrypt with whichever of HARBOUR_KEYS fits."""
    try:
        return json.loads(_locks(tuple(settings.HARBOUR_KEYS)).decrypt(sealed.encode()))
    except InvalidToken:
        raise Undecipherable("no key of HARBOUR_KEYS opens this value") from None


@lru_cache(maxsize=4)
def _locks(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except (ValueError, binascii.Error):
        raise ImproperlyConfigured(
            "HARBOUR_KEYS must be one or more Fernet keys (32 bytes in URL-safe base64), "
            "separated by commas, the newest first"
        ) from None


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]
    """A JSON object the database only ever sees sealed. It cannot be searched, and forms skip it.

    Rotate: put a new key first in HARBOUR_KEYS, save every row once, drop the old key.
    """

    description = "JSON, encrypted at rest"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else unseal(value)

    def to_python(self, value: Any) -> Any:
        """A string comes from a fixture, where the value stays sealed; anything else is itself."""
        return unseal(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else seal(value)

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Only ``isnull`` means anything on sealed values."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
