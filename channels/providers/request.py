"""A provider's call as a Django request, rebuilt from the bytes and headers that were kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from django.http import HttpRequest, QueryDict
from django.utils.http import parse_header_parameters

from channels.base import Unreadable

MAX_PARTS = 1000
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_DISPOSITION = re.compile(rb"^content-disposition[ \t]*:(.*(?:\r\n[ \t].*)*)", re.I | re.M)
_TYPE = re.compile(rb"^content-type[ \t]*:[ \t]*([^;\s]{1,120})", re.I | re.M)


@dataclass(frozen=True)
class PostedFile:
    """A file of a form, under the name and type that its sender gave it."""

    field: str
    name: str
    content_type: str
    content: bytes


class ProviderRequest(HttpRequest):
    """Enough of a request for anymail to prove it. Forms are read here, as Django's reader
    caps a field at a few megabytes and a form at twenty files, which real mails exceed.

    ``fields`` has each field's bytes as sent. Raises ``Unreadable``.
    """

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.method = "POST"
        self._body = body
        kind, parameters = parse_header_parameters(headers.get("Content-Type", ""))
        self.content_type, self.content_params = kind, parameters
        self.META = {f"HTTP_{_in_meta(name)}": value for name, value in headers.items()}
        self.META |= {"CONTENT_TYPE": headers.get("Content-Type", ""), "SERVER_NAME": "localhost"}
        self.fields: dict[str, bytes] = {}
        self.posted_files: list[PostedFile] = []
        if kind == _FORM:
            self.fields = dict(_urlencoded(body))
        elif kind == _MULTIPART:
            for part in _multipart(body, parameters.get("boundary", "")):
                if isinstance(part, PostedFile):
                    self.posted_files.append(part)
                else:
                    self.fields[part[0]] = part[1]
        self.texts = {name: _as_text(value) for name, value in self.fields.items()}
        post = QueryDict(mutable=True)
        post.update(self.texts)
        setattr(self, "POST", post)  # noqa: B010 - typed as if a request's form could not be set

    def text(self, name: str) -> str:
        """A field's text; empty when there is none."""
        return self.texts.get(name, "")


def _in_meta(name: str) -> str:
    return name.upper().replace("-", "_")


def _urlencoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Latin-1 maps each byte to one character and back: nothing is lost on the way."""
    text = body.decode("latin-1")
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, encoding="latin-1", max_num_fields=MAX_PARTS
        )
    except ValueError as error:
        raise Unreadable("too many fields") from error
    for name, value in pairs:
        yield _as_text(name.encode("latin-1")), value.encode("latin-1")


def _multipart(body: bytes, boundary: str) -> Iterator[PostedFile | tuple[str, bytes]]:
    """The parts of a form (RFC 7578), split in one pass."""
    if not 0 < len(boundary) <= 200 or not boundary.isascii():
        raise Unreadable("a form without a boundary")
    mark = b"\r\n--" + boundary.encode("ascii")
    whole = b"\r\n" + body
    if whole.count(mark) > MAX_PARTS:
        raise Unreadable("too many parts")
    sections = whole.split(mark)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise Unreadable("a form that was cut off")
    for section in sections[1:-1]:
        yield _part(section)


def _part(section: bytes) -> PostedFile | tuple[str, bytes]:
    head, gap, content = section.partition(b"\r\n\r\n")
    if not gap:
        raise Unreadable("a form with a part that has no headers")
    found, kind = _DISPOSITION.search(head), _TYPE.search(head)
    value = _as_text(found[1]).strip() if found else ""
    _disposition, parameters = parse_header_parameters(value)
    name = parameters.get("name", "")
    if "filename" not in parameters:
        return name, content
    content_type = kind[1].decode("ascii", "replace") if kind else ""
    return PostedFile(name, parameters["filename"], content_type, content)


def _as_text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
