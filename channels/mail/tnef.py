"""winmail.dat: the container (MS-OXTNEF) in which Outlook hides files from everybody else."""

import struct
from collections.abc import Iterator

from channels.mail.decode import decode_text
from channels.mail.parameters import safe_name
from channels.mail.parsed import MailAttachment

_SIGNATURE = 0x223E9F78
_BEGIN_FILE = 0x00069002
_TITLE = 0x00018010
_DATA = 0x0006800F
_PROPERTIES = 0x00069005
_CODEPAGE = 0x00069007
_LONG_NAME = 0x3707
_KIND = 0x370E
_CONTENT_ID = 0x3712
_MOST_RECORDS = 10_000
_MOST_FILES = 200
_MOST_PROPERTIES = 500
_MOST_VALUES = 16
# Property types by how many bytes a value takes; the rest carry their own length.
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8,
    0x40: 8, 0x48: 16}  # fmt: skip
_TEXTS = {0x1E, 0x1F}
_COUNTED = {*_TEXTS, 0x0D, 0x102}
_MANY = 0x1000
_NAMED = 0x8000


def tnef_files(data: bytes) -> list[MailAttachment]:
    """The files inside; none when it is no such container, those before the damage otherwise."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return []
    found: list[_File] = []
    codepage = "cp1252"
    for attribute, value in _records(data):
        if attribute == _CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif attribute == _BEGIN_FILE:
            if len(found) >= _MOST_FILES:
                break
            found.append(_File())
        elif found:
            found[-1].take(attribute, value, codepage)
    return [one.attachment() for one in found if one.data]


class _File:
    def __init__(self) -> None:
        self.title = ""
        self.name = ""
        self.kind = ""
        self.content_id = ""
        self.data = b""

    def take(self, attribute: int, value: bytes, codepage: str) -> None:
        if attribute == _TITLE:
            self.title = decode_text(value.rstrip(b"\x00"), codepage)
        elif attribute == _DATA:
            self.data = value
        elif attribute == _PROPERTIES:
            for number, text in _texts(value, codepage):
                if number == _LONG_NAME:
                    self.name = text
                elif number == _KIND:
                    self.kind = text
                elif number == _CONTENT_ID:
                    self.content_id = text.strip("<> ")[:200]

    def attachment(self) -> MailAttachment:
        name = safe_name(self.name) or safe_name(self.title) or "attachment.bin"
        kind = self.kind.lower() if self.kind.isascii() and self.kind.count("/") == 1 else ""
        content_type = kind[:100] or "application/octet-stream"
        return MailAttachment(name, content_type, self.data, self.content_id)


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Attributes in order: a level, a number, a length, the value, a sum nobody checks."""
    at = 6
    for _ in range(_MOST_RECORDS):
        if at + 9 > len(data):
            return
        attribute, length = struct.unpack_from("<II", data, at + 1)
        end = at + 9 + length
        if end > len(data):
            return
        yield attribute, data[at + 9 : end]
        at = end + 2


def _texts(value: bytes, codepage: str) -> Iterator[tuple[int, str]]:
    """The texts among a file's properties (MS-OXTNEF 2.1.3.3)."""
    try:
        yield from _properties(value, codepage)
    except struct.error:
        return


def _properties(value: bytes, codepage: str) -> Iterator[tuple[int, str]]:
    (count,) = struct.unpack_from("<I", value)
    at = 4
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, number = struct.unpack_from("<HH", value, at)
        at += 4
        if number >= _NAMED:
            at = _after_name(value, at)
        many = bool(kind & _MANY)
        kind &= ~_MANY
        times = 1
        if many or kind in _COUNTED:
            (times,) = struct.unpack_from("<I", value, at)
            at += 4
        if times > _MOST_VALUES:
            return
        for _ in range(times):
            if kind not in _COUNTED:
                if kind not in _FIXED:
                    return
                at += _FIXED[kind]
                continue
            (length,) = struct.unpack_from("<I", value, at)
            raw = value[at + 4 : at + 4 + length]
            at += 4 + length + -length % 4
            if kind in _TEXTS:
                yield number, _text(raw, kind, codepage)


def _after_name(value: bytes, at: int) -> int:
    """Past the identifier of a named property: a GUID, a kind, a number or a name."""
    (kind,) = struct.unpack_from("<I", value, at + 16)
    at += 20
    if kind == 0:
        return at + 4
    (length,) = struct.unpack_from("<I", value, at)
    return int(at + 4 + length + -length % 4)


def _text(raw: bytes, kind: int, codepage: str) -> str:
    decoded = decode_text(raw, "utf-16-le") if kind == 0x1F else decode_text(raw, codepage)
    return decoded.rstrip("\x00")
