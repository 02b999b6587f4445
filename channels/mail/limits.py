"""A linear look at the raw mail before any parser sees it: what would hurt is refused or cut."""

import re
from dataclasses import dataclass

from channels.mail.parsed import Unreadable

MOST_PARTS = 1_000
DEEPEST = 100
MOST_HEADERS = 1_000
MOST_HEADER_BYTES = 256 * 1024
# Without the long runs of base64 (see lift): what is left of an honest mail is far below.
MOST_BYTES = 12 * 1024 * 1024
MOST_LINES = 250_000
_SIGNS = re.compile(
    rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))"
    rb"|^--([^\r\n]{1,210})|^content-type:[ \t]*(message/)(?!delivery-status)",
    re.IGNORECASE | re.MULTILINE,
)
BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n|\r[ \t]*\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the look found: sizes and counts that bound the work of parsing."""

    size: int
    header_bytes: int
    parts: int
    depth: int


def shape_of(raw: bytes) -> Shape:
    """Measure `raw` in one pass."""
    blank = BLANK_LINE.search(raw)
    header_bytes = blank.start() if blank else len(raw)
    if raw.count(b"--") < 4 and raw.count(b"essage/") < 2:
        return Shape(len(raw), header_bytes, 1, 1)
    parts, depth = _count(raw)
    return Shape(len(raw), header_bytes, parts, depth)


def _count(raw: bytes) -> tuple[int, int]:
    """Parts, and the deepest nesting of boundaries and embedded messages, in order of lines."""
    level: dict[bytes, int] = {}
    current = deepest = parts = 1
    for sign in _SIGNS.finditer(raw):
        declared = sign[1] or sign[2]
        if declared:
            current += 1
            level.setdefault(declared.rstrip(), current)
        elif sign[4]:
            current += 1
        else:
            line = sign[3].rstrip()
            known = level.get(line)
            if known is None and line.endswith(b"--"):
                known = level.get(line[:-2])
            if known is not None:
                parts += 1
                current = known
        deepest = max(deepest, current)
        if parts > MOST_PARTS + 1:
            break
    return parts, deepest


def tame(raw: bytes) -> tuple[bytes, Shape, list[str]]:
    """The mail fit for the parser, its shape and what was cut; raises Unreadable."""
    if len(raw) > MOST_BYTES or max(raw.count(b"\n"), raw.count(b"\r")) > MOST_LINES:
        raise Unreadable("too much text")
    shape = shape_of(raw)
    if shape.parts > MOST_PARTS:
        raise Unreadable("too many parts")
    if shape.depth > DEEPEST:
        raise Unreadable("nested too deeply")
    if shape.header_bytes <= 4096:
        return raw, shape, []
    head, rest = raw[: shape.header_bytes], raw[shape.header_bytes :]
    if shape.header_bytes <= MOST_HEADER_BYTES and head.count(b"\n") <= MOST_HEADERS:
        return raw, shape, []
    kept = _cut_header(head)
    defects = ["header cut"] if len(kept) < len(head) else []
    return kept + rest, shape, defects


_FIELD = re.compile(rb"^[!-9;-~]+[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE)
_NEEDED = re.compile(
    rb"(?:from|to|subject|date|message-id|in-reply-to|reply-to|sender|content-[a-z-]+|mime-version"
    rb"|auto-submitted|precedence|return-path|delivered-to|x-loop|list-id)[ \t]*:",
    re.IGNORECASE,
)


def _cut_header(head: bytes) -> bytes:
    """The first 1,000 fields within the size, each at most 64 KiB; the needed ones come first."""
    fields = [match[0][: 64 * 1024].rstrip(b"\r\n") for match in _FIELD.finditer(head)]
    if len(fields) <= MOST_HEADERS and sum(map(len, fields)) <= MOST_HEADER_BYTES:
        return b"\n".join(fields) if sum(map(len, fields)) + len(fields) < len(head) else head
    needed = [field for field in fields if _NEEDED.match(field)][: MOST_HEADERS // 2]
    others = [field for field in fields if not _NEEDED.match(field)][: MOST_HEADERS // 2]
    kept: list[bytes] = []
    room = MOST_HEADER_BYTES
    for field in needed + others:
        room -= len(field)
        if room >= 0:
            kept.append(field)
    return b"\n".join(kept)
