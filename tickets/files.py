"""Where the bytes of attachments are kept: in Django's storage, under random names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from typing import IO

import filetype
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from tickets.inbound import InboundFile

_TEXT_TYPES = {"txt": "text/plain", "csv": "text/csv", "log": "text/plain", "json": "text/plain"}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NAME_LENGTH = 120


def safe_name(name: str) -> str:
    """The last part of ``name``, without control or direction characters; never empty."""
    flat = _UNSAFE.sub("", unicodedata.normalize("NFC", name)).replace("\\", "/")
    base = flat.rsplit("/", 1)[-1].strip(" .") or "attachment"
    if len(base) <= _NAME_LENGTH:
        return base
    stem, dot, ending = base.rpartition(".")
    return f"{stem[: _NAME_LENGTH - 12]}{dot}{ending[:11]}" if dot else base[:_NAME_LENGTH]


def sniff(name: str, content: bytes) -> str:
    """The type that the bytes themselves show; a sender's word for it is no proof."""
    if kind := filetype.guess(content[:8192]):
        return str(kind.mime)
    ending = name.rsplit(".", 1)[-1].lower()
    if ending in _TEXT_TYPES and b"\x00" not in content[:8192]:
        return _TEXT_TYPES[ending]
    return "application/octet-stream"


def describe(name: str, content: bytes, **values: str | int | bool) -> InboundFile:
    """The file as rows know it, not stored yet (``key`` is empty)."""
    named = safe_name(name)
    return InboundFile(
        name=named,
        content_type=sniff(named, content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        **values,  # type: ignore[arg-type]
    )


def keep(content: bytes) -> str:
    """Store ``content``, and return its key. Raises ``OSError`` when storage is away."""
    key = f"{timezone.now():%Y/%m/%d}/{uuid.uuid4().hex}"
    return str(default_storage.save(key, ContentFile(content)))


def store(name: str, content: bytes) -> InboundFile:
    """Store an upload. Raises ``OSError`` when storage is away."""
    return describe(name, content, key=keep(content))


def open_file(key: str) -> IO[bytes]:
    """The bytes under ``key``. Raises ``FileNotFoundError`` when nothing is stored yet."""
    if not key:
        raise FileNotFoundError("this attachment is still to be stored")
    return default_storage.open(key, "rb")
