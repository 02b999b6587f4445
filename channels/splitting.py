"""A long text in parts that a platform takes, in the platform's own unit of length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from channels.capabilities import Unit

#: X counts every link as so many characters (docs.x.com, "Counting characters").
X_LINK = 23
_LINK = re.compile(r"https?://\S+")
#: Ranges of code points that X counts once; all others count twice (twitter-text, version 3).
_X_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
#: Where a text is best parted, the best first.
_BREAKS = ("\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "；", "，", " ")
_JOINER = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_TONES = range(0x1F3FB, 0x1F400)


def measure(text: str, unit: Unit) -> int:
    """The length of ``text`` as the platform counts it."""
    return _MEASURES[unit](text)


def split(text: str, limit: int, unit: Unit = Unit.CHARACTERS) -> list[str]:
    """``text`` in parts of at most ``limit``; only white space at the cuts is lost.

    Parts end at a paragraph, a line, a sentence or a word when there is one in the second half of
    what fits. A link is never cut unless it alone is too long; what looks like one character
    (an emoji of several code points, a letter with its accents) never is.

    Raises ``ValueError`` when not even one character fits.
    """
    parts, rest = [], text.strip()
    while rest and measure(rest, unit) > limit:
        end = _cut(rest, limit, unit)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int, unit: Unit) -> int:
    most = _most(text, limit, unit)
    if most == 0:
        raise ValueError("not even one character fits")
    for mark in _BREAKS:
        place = text.rfind(mark, most // 2, most)
        if place > 0 and not _is_in_link(text, place + len(mark)):
            return place + len(mark)
    for link in _LINK.finditer(text):
        if link.start() < most < link.end() and link.start() > 0:
            return link.start()
    return most


def _most(text: str, limit: int, unit: Unit) -> int:
    """How many code points of ``text`` fit, never ending inside a character that people see."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle], unit) <= limit else (low, middle - 1)
    ends = [end for end in _ends(text[: low + 40]) if end <= low]
    return ends[-1] if ends else low


def _is_in_link(text: str, place: int) -> bool:
    return any(link.start() < place < link.end() for link in _LINK.finditer(text))


def _ends(text: str) -> Iterator[int]:
    """Where one visible character ends and the next begins (a plain form of UAX 29)."""
    flags = 0
    for place in range(1, len(text)):
        before, after = text[place - 1], text[place]
        flags = flags + 1 if ord(before) in _REGIONAL else 0
        if not _belong_together(before, after, flags):
            yield place
    if text:
        yield len(text)


def _belong_together(before: str, after: str, flags: int) -> bool:
    if after == _JOINER or before == _JOINER or ord(after) in _TONES:
        return True
    if before == "\r" and after == "\n":
        return True
    if ord(after) in _REGIONAL:
        return flags % 2 == 1
    return unicodedata.category(after) in ("Mn", "Me", "Mc")


def _weighted(text: str) -> int:
    bare = _LINK.sub("", text)
    links = len(_LINK.findall(text))
    light = sum(any(low <= ord(c) <= high for low, high in _X_LIGHT) for c in bare)
    return links * X_LINK + 2 * len(bare) - light


_MEASURES: dict[Unit, Callable[[str], int]] = {
    Unit.CHARACTERS: len,
    Unit.UTF16: lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    Unit.BYTES: lambda text: len(text.encode("utf-8", "surrogatepass")),
    Unit.WEIGHTED: _weighted,
}
