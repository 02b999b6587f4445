"""HTML of our own for what agents write as plain text: paragraphs, lists, quotes, links, pictures.

Nothing in it can do anything: every character that is not ours is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

from support.html import linked_html
from tickets.pictures import PICTURE

_BULLET = re.compile(r"\s{0,3}[-*•·]\s+(?=\S)")
_NUMBER = re.compile(r"\s{0,3}(\d{1,4})[.)、]\s*(?=\S)")
_QUOTE = re.compile(r"\s{0,3}>\s?")

PARAGRAPH = '<p style="margin:0 0 1em">'
QUOTE = (
    '<blockquote type="cite" style="margin:0 0 1em;padding-left:12px;border-left:2px solid #ccc">'
)
_PICTURE_STYLE = "max-width:100%;height:auto"


def named_pictures(text: str) -> list[str]:
    """The content ids of the pictures that ``text`` shows in its place, in order."""
    return [found[2] for found in PICTURE.finditer(text)]


def pieces(text: str) -> list[tuple[str, str]]:
    """Runs of text, each with "", and pictures: what stands for one, and its content id."""
    found, place = list[tuple[str, str]](), 0
    for picture in PICTURE.finditer(text):
        found.append((text[place : picture.start()], ""))
        found.append((f"[{picture[1] or picture[2]}]", picture[2]))
        place = picture.end()
    return [piece for piece in [*found, (text[place:], "")] if piece[0]]


def to_html(text: str, pictures: Mapping[str, str] | None = None) -> str:
    """``pictures`` are the content ids under which the mail bears them, by those in the text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_blocks(lines, pictures or {}))


def _blocks(lines: Sequence[str], pictures: Mapping[str, str]) -> Iterator[str]:
    for kind, run in groupby(lines, _kind):
        yield from _WRITERS[kind](list(run), pictures)


def _kind(line: str) -> str:
    if not line.strip():
        return "empty"
    if _QUOTE.match(line):
        return "quote"
    if _BULLET.match(line):
        return "bullets"
    return "numbers" if _NUMBER.match(line) else "words"


def _words(lines: Sequence[str], pictures: Mapping[str, str]) -> Iterator[str]:
    yield f"{PARAGRAPH}{'<br>'.join(_inline(line, pictures) for line in lines)}</p>"


def _nothing(lines: Sequence[str], pictures: Mapping[str, str]) -> Iterator[str]:
    yield from ()


def _quote(lines: Sequence[str], pictures: Mapping[str, str]) -> Iterator[str]:
    inner = [_QUOTE.sub("", line, count=1) for line in lines]
    if all(_QUOTE.match(line) for line in inner if line.strip()):
        inner = [_QUOTE.sub("", line) for line in inner]  # deeper quotes are shown as one
    yield f"{QUOTE}{'<br>'.join(_inline(line, pictures) for line in inner)}</blockquote>"


def _bullets(lines: Sequence[str], pictures: Mapping[str, str]) -> Iterator[str]:
    items = (_inline(_BULLET.sub("", line, count=1), pictures) for line in lines)
    yield f'<ul style="margin:0 0 1em">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def _numbers(lines: Sequence[str], pictures: Mapping[str, str]) -> Iterator[str]:
    """Each with the number the agent gave it."""
    items = []
    for line in lines:
        found = _NUMBER.match(line)
        number = int(found[1]) if found else 1
        item = _inline(_NUMBER.sub("", line, count=1), pictures)
        items.append(f'<li value="{number}">{item}</li>')
    yield f'<ol style="margin:0 0 1em">{"".join(items)}</ol>'


_WRITERS: dict[str, Callable[[Sequence[str], Mapping[str, str]], Iterator[str]]] = {
    "words": _words,
    "empty": _nothing,
    "quote": _quote,
    "bullets": _bullets,
    "numbers": _numbers,
}


def _inline(line: str, pictures: Mapping[str, str]) -> str:
    """One line with its links, and with the pictures that the mail bears."""
    parts, place = [], 0
    for found in PICTURE.finditer(line):
        parts.append(linked_html(line[place : found.start()]))
        parts.append(_picture(found, pictures))
        place = found.end()
    return "".join([*parts, linked_html(line[place:])])


def _picture(found: re.Match[str], pictures: Mapping[str, str]) -> str:
    if found[2] not in pictures:
        return escape(f"[{found[1] or found[2]}]")
    return picture(pictures[found[2]], found[1])


def picture(content_id: str, name: str) -> str:
    """It lies in the mail under ``content_id``."""
    source, shown = escape(f"cid:{content_id}"), escape(name)
    return f'<img src="{source}" alt="{shown}" style="{_PICTURE_STYLE}">'
