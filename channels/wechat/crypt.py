"""The encrypted mode: what stands in ``<Encrypt>``, opened and sealed.

AES-256-CBC under the EncodingAESKey, whose first half is the first block's too. Inside are 16
random bytes, the length, the content and the account's own id, filled up to blocks of 32 (PKCS#7).
"""

from __future__ import annotations

import base64
import hmac
import os
from contextlib import suppress

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from channels.base import Forged
from channels.proofs import secrets_of

_BLOCK = 32
_SALT, _LENGTH = 16, 4


def unseal(sealed: str, keys: str, app_id: str) -> bytes:
    """What was sealed for ``app_id`` with one of ``keys``. Raises ``Forged``."""
    for key in secrets_of(keys):
        with suppress(ValueError):
            return _opened(base64.b64decode(sealed, validate=True), _cipher(key), app_id)
    raise Forged("this was not encrypted for this account")


def seal(content: bytes, key: str, app_id: str, *, salt: bytes = b"") -> str:
    """Raises ``ValueError`` for a key that is none."""
    head = (salt or os.urandom(_SALT)) + len(content).to_bytes(_LENGTH, "big")
    plain = head + content + app_id.encode()
    missing = _BLOCK - len(plain) % _BLOCK
    encryptor = _cipher(key).encryptor()
    ciphertext = encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()
    return base64.b64encode(ciphertext).decode()


def _opened(ciphertext: bytes, cipher: Cipher[modes.CBC], app_id: str) -> bytes:
    decryptor = cipher.decryptor()
    plain = decryptor.update(ciphertext) + decryptor.finalize()
    missing = plain[-1] if plain else 0
    if not 1 <= missing <= _BLOCK:
        raise ValueError("not filled up as it should be")
    start = _SALT + _LENGTH
    end = start + int.from_bytes(plain[_SALT:start], "big")
    if not hmac.compare_digest(plain[end:-missing], app_id.encode()):
        raise ValueError("of another account")
    return plain[start:end]


def _cipher(key: str) -> Cipher[modes.CBC]:
    raw = base64.b64decode(f"{key}=", validate=True)
    if len(raw) != _BLOCK:
        raise ValueError("an EncodingAESKey has 43 characters")
    return Cipher(algorithms.AES(raw), modes.CBC(raw[:16]))
