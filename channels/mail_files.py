"""Mails in files: one raw mail, or an mbox (RFC 4155) when it begins like one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO

from channels.threads import base_address

_RECIPIENT = re.compile(
    rb"^(?:delivered-to|x-original-to|envelope-to|to|cc)[ \t]*:(.*(?:\r?\n[ \t].*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_RETURN_PATH = re.compile(rb"^return-path[ \t]*:[ \t]*<?([^\s<>]{0,254})>?", re.I | re.M)
_ADDRESS = re.compile(rb"[^\s<>()\[\]:;,\"\\@]{1,200}@[^\s<>()\[\]:;,\"\\@]{1,253}")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
#: Headers are read this far for addresses, and no more than so many addresses are taken.
_HEAD, _MOST = 256 * 1024, 100


class TooBig(ValueError):
    """A mail above the limit."""


def mails_in(stream: IO[bytes], limit: int) -> Iterator[bytes | TooBig]:
    """Each mail of a stream, or ``TooBig`` in its place."""
    first = stream.readline(limit + 1)
    if first.startswith(b"From "):
        yield from _mbox(stream, limit)
        return
    mail = first + stream.read(limit + 1 - len(first))
    yield mail if len(mail) <= limit else TooBig(f"larger than {limit} bytes")


def _mbox(lines: Iterable[bytes], limit: int) -> Iterator[bytes | TooBig]:
    """A mail ends where a line says From after an empty one; a quoted From loses its mark."""
    held: list[bytes] = []
    size = 0
    after_empty = False
    for line in lines:
        if after_empty and line.startswith(b"From "):
            yield _whole(held, size, limit)
            held, size = [], 0
        else:
            size += len(line)
            if size <= limit:
                held.append(line)
        after_empty = line in (b"\n", b"\r\n")
    yield _whole(held, size, limit)


def _whole(lines: list[bytes], size: int, limit: int) -> bytes | TooBig:
    if size > limit:
        return TooBig(f"larger than {limit} bytes")
    if lines and lines[-1] in (b"\n", b"\r\n"):  # it belongs to the mbox, not to the mail
        lines = lines[:-1]
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines))


def recipients(mail: bytes) -> list[str]:
    """The addresses a mail names as its recipients, as far as its headers tell."""
    lines = b"\n".join(found[1] for found in _RECIPIENT.finditer(_head(mail)))
    addresses = [each.decode("utf-8", "replace") for each in _ADDRESS.findall(lines)]
    return [each.replace("\x00", "") for each in dict.fromkeys(addresses)][:_MOST]


def return_path(mail: bytes) -> str:
    found = _RETURN_PATH.search(_head(mail))
    return found[1].decode("utf-8", "replace").replace("\x00", "") if found else ""


def match(addresses: Iterable[str], accounts: dict[str, int]) -> int | None:
    """The first account that one of the addresses belongs to, plus-addresses included."""
    for address in addresses:
        for candidate in (address.lower(), base_address(address)):
            if candidate in accounts:
                return accounts[candidate]
    return None


def _head(mail: bytes) -> bytes:
    ends = [at for mark in (b"\r\n\r\n", b"\n\n") if (at := mail.find(mark, 0, _HEAD)) >= 0]
    return mail[: min(ends, default=_HEAD)]
