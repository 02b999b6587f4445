"""A call of a provider that hands over a mail, and the mail that all of them hand over."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import Any

from support.http import Answer

FILE = bytes(range(256)) * 40 + b"\r\n\r\n--x--\r\n\r\r\n\n"
SUBJECT, TEXT = "Kessel für 港湾 leaks", "It leaks.\r\nBitte helfen – 请帮忙."
SENDER, INBOX = "ann@example.org", "support@example.com"
USER, KEY, API_KEY = "hook:s3cret-pass", "key-0123456789abcdef", "api-42"
HEADERS = [
    ("From", f"Ann <{SENDER}>"),
    ("To", INBOX),
    ("Subject", SUBJECT),
    ("Message-ID", "<hook-1@example.org>"),
    ("Date", "Mon, 02 Mar 2026 12:00:00 +0000"),
]
RAW = "\r\n".join(
    [
        *(f"{name}: {value}" for name, value in HEADERS),
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="bb"',
        "",
        "--bb",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        TEXT,
        "--bb",
        "Content-Type: application/octet-stream",
        'Content-Disposition: attachment; filename="data.bin"',
        "Content-Transfer-Encoding: base64",
        "",
        b64encode(FILE).decode(),
        "--bb--",
        "",
    ]
)


@dataclass
class Call:
    """What is posted, with what the account must know, and what else is on the network."""

    provider: str
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    config: dict[str, str] = field(default_factory=dict)
    internet: dict[str, Answer] = field(default_factory=dict)

    def but(self, **changes: Any) -> Call:
        return replace(self, **changes)


def ok(body: bytes | str | dict[str, Any]) -> Answer:
    if isinstance(body, dict):
        body = json.dumps(body)
    return Answer(200, {}, body.encode() if isinstance(body, str) else body)


def by_user(provider: str, body: Any, **values: Any) -> Call:
    """A call proved by user and password."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": "Basic " + b64encode(USER.encode()).decode()}
    return Call(provider, content, headers=headers, config={"webhook_secret": USER}, **values)


def form(fields: dict[str, str | bytes], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    """A multipart form: its body and content type."""
    mark = secrets.token_hex(12)
    out = b""
    for name, value in fields.items():
        content = value.encode() if isinstance(value, str) else value
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        out += head.encode() + content + b"\r\n"
    for name, (filename, content) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"'
        out += (head + "\r\nContent-Type: application/octet-stream\r\n\r\n").encode()
        out += content + b"\r\n"
    return out + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def hex_mac(body: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
