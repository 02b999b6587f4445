"""A parsed mail as one frame on a pipe: a JSON head, then the bytes of the files."""

import json
import struct
from dataclasses import asdict, fields
from datetime import datetime
from typing import IO, Any

from channels.mail.parsed import BounceReport, MailAttachment, ParsedMail, Unreadable

_LENGTH = struct.Struct(">Q")
_PAIRS = frozenset(("reply_to", "sender_headers", "to", "cc", "spam_headers"))


def write_blob(stream: IO[bytes], data: bytes) -> None:
    """One length-prefixed blob, also to a stream that takes only a part at a time."""
    for piece in (_LENGTH.pack(len(data)), data):
        rest = memoryview(piece)
        while rest:
            rest = rest[stream.write(rest) or 0 :]


def read_blob(stream: IO[bytes], most: int = 1 << 31) -> bytes:
    """One length-prefixed blob; EOFError when the other side is gone."""
    (size,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if size > most:
        raise EOFError
    return _exactly(stream, size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = stream.read(min(size - len(data), 1 << 20))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def write_mail(stream: IO[bytes], mail: ParsedMail) -> None:
    plain = {one.name: getattr(mail, one.name) for one in fields(mail)}
    plain["attachments"] = [
        [one.name, one.content_type, one.content_id, one.inline] for one in mail.attachments
    ]
    plain["date"] = mail.date.isoformat() if mail.date else None
    plain["bounce"] = asdict(mail.bounce) if mail.bounce else None
    write_blob(stream, json.dumps({"mail": plain}).encode())
    for attachment in mail.attachments:
        write_blob(stream, attachment.content)


def write_refusal(stream: IO[bytes], reason: str) -> None:
    write_blob(stream, json.dumps({"refused": reason}).encode())


def read_mail(stream: IO[bytes]) -> ParsedMail:
    """The mail of one frame; Unreadable when the other side refused it."""
    head: dict[str, Any] = json.loads(read_blob(stream))
    if "refused" in head:
        raise Unreadable(str(head["refused"]))
    plain: dict[str, Any] = head["mail"]
    files = [
        MailAttachment(name, kind, read_blob(stream), content_id, inline)
        for name, kind, content_id, inline in plain["attachments"]
    ]
    for key, value in plain.items():
        if isinstance(value, list):
            plain[key] = tuple(tuple(one) for one in value) if key in _PAIRS else tuple(value)
    plain["attachments"] = tuple(files)
    plain["date"] = datetime.fromisoformat(plain["date"]) if plain["date"] else None
    plain["bounce"] = BounceReport(**plain["bounce"]) if plain["bounce"] else None
    return ParsedMail(**plain)
