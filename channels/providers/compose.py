"""A mail written from the fields of a provider that does not hand over the mail itself."""

from __future__ import annotations

import re
import secrets
from base64 import encodebytes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

_NAME = re.compile(r"[!-9;-~]{1,100}")
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}", re.ASCII)
#: The new mail has a structure of its own, so these would lie about it.
_STRUCTURE = {
    *("content-type", "content-transfer-encoding", "content-disposition", "mime-version"),
    *("content-length", "content-id"),
}
_FOLD = re.compile(r"[\r\n\x00]+[ \t]*")
_FIELD = re.compile(r"\r?\n(?![ \t])")


@dataclass(frozen=True, kw_only=True)
class File:
    name: str
    content_type: str
    content: bytes
    content_id: str = ""


def fields_of(text: str) -> Iterator[tuple[str, str]]:
    """The fields of a header that came as one text."""
    for line in _FIELD.split(text):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def compose(
    headers: Iterable[tuple[str, str]], *, text: str, html: str, files: Sequence[File] = ()
) -> bytes:
    """A mail with these headers, texts and files; the files' bytes are kept as they are."""
    lines = [_header(name, value) for name, value in headers if _is_kept(name)]
    bodies = [_body("plain", text)] if text or not html else []
    bodies += [_body("html", html)] if html else []
    parts = [_multipart("alternative", bodies), *map(_attachment, files)]
    return b"\r\n".join([*lines, b"MIME-Version: 1.0", _multipart("mixed", parts)])


def _is_kept(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name.lower() not in _STRUCTURE


def _header(name: str, value: str) -> bytes:
    plain = _FOLD.sub(" ", value).encode("utf-8", "replace")
    return name.encode() + b": " + plain


def _multipart(kind: str, parts: Iterable[bytes]) -> bytes:
    boundary = secrets.token_hex(16)
    mark = b"\r\n--" + boundary.encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n'.encode()
    return head + b"".join(mark + b"\r\n" + part for part in parts) + mark + b"--\r\n"


def _body(kind: str, text: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64"
    return head.encode() + b"\r\n\r\n" + _base64(text.encode("utf-8", "replace"))


def _attachment(file: File) -> bytes:
    given = file.content_type.split(";")[0].strip()
    content_type = given if _TYPE.fullmatch(given) else "application/octet-stream"
    is_message = content_type.lower().startswith("message/")
    disposition = "inline" if file.content_id else "attachment"
    name = quote(_FOLD.sub(" ", file.name)[:255], safe="", errors="replace")
    lines = [f"Content-Type: {content_type}"]
    lines.append(f"Content-Disposition: {disposition}; filename*=UTF-8''{name}")
    if file.content_id:
        inner = re.sub(r"[^!-~]", "", file.content_id).strip("<>")[:200]
        lines.append(f"Content-ID: <{inner}>")
    lines.append(f"Content-Transfer-Encoding: {'8bit' if is_message else 'base64'}")
    content = file.content if is_message else _base64(file.content)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def _base64(content: bytes) -> bytes:
    return encodebytes(content).replace(b"\n", b"\r\n")
