"""Hostile HTML, read once from left to right and written out again well nested and bounded.

Real parsers are quadratic in nesting, attributes and broken entities. What leaves here is short,
shallow and in the one spelling every parser reads alike, so the sanitiser after it is safe to run.
Follows the tokeniser of the HTML Living Standard, section 13.2.5, closely enough for mail.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape, unescape
from typing import NamedTuple

LONGEST_HTML = 2 * 1024 * 1024
DEEPEST = 512
DEEPEST_STYLING = 16
MOST_TAGS = 100_000
MOST_ATTRIBUTES = 200
MOST_REFERENCES = 100_000


class TooMuch(ValueError):
    """Beyond what a mail needs: show it as plain text."""


class Token(NamedTuple):
    """A text (``name`` empty), a start tag, or an end tag (``name`` with a leading slash)."""

    name: str
    text: str = ""
    attributes: dict[str, str] = {}


def names(text: str) -> frozenset[str]:
    """Read a set of names, for tables that fit the eye."""
    return frozenset(text.split())


VOID = names("br hr img wbr col")
BLOCKS = names(
    "address article aside blockquote center dd details div dl dt figcaption figure footer h1 h2 h3"
    " h4 h5 h6 header hr li main nav ol p pre section summary table ul"
)
_STYLING = names("a b big code em font i nobr s small strike strong tt u")
_ROW_ENDS = names("tbody thead tfoot tr td th")
# A start tag on the left ends an open element on the right.
_SELF_CLOSING = {
    **{name: names("p") for name in BLOCKS},
    **dict.fromkeys(("tbody", "thead", "tfoot"), _ROW_ENDS),
    **{name: names("td th") for name in ("td", "th")},
    **{name: names("dt dd") for name in ("dt", "dd")},
    "tr": names("tr td th"),
    "li": names("li"),
}
_TABLE_PARTS = names("table caption colgroup tbody thead tfoot tr td th")
_WALLS = names("table td th caption")
_TABLE_WALL = names("table")
_LIST_WALLS = _WALLS | names("ul ol dl")

# Skipped with what is in them: to the end of the mail if never closed, as browsers do; the
# foreign ones only when they are closed.
_RAW = names("script style title textarea xmp iframe noembed noframes noscript plaintext")
_FOREIGN = names("svg math template object applet select audio video canvas xml")
_ENDS = {name: re.compile(rf"(?i)</{name}(?=[\t\n\f\r />])") for name in _RAW | _FOREIGN}

_TAG_NAME = re.compile(r"(/?)([A-Za-z][^\t\n\f\r />]*+)")
_ATTRIBUTE = re.compile(
    r"[\t\n\f\r /]*+(?:(>)|([^\t\n\f\r />][^\t\n\f\r />=]*+)"  # the end, or a name
    r"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"
    r"(?:\"([^\"]*+)\"|'([^']*+)'|([^\t\n\f\r >\"'][^\t\n\f\r >]*+)|(?=>)))?+)"
)
_CHARACTER = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def tokens(html: str) -> Iterator[Token]:
    """Read HTML the way a browser does, in linear time, without comments, scripts and styles."""
    place, unclosed = 0, set[str]()
    while (start := html.find("<", place)) >= 0:
        if start > place:
            yield Token("", _text(html[place:start]))
        tag = _TAG_NAME.match(html, start + 1)
        if tag is None:
            place = _after_markup(html, start)
            if place == start + 1:
                yield Token("", "<")
            continue
        name = tag[2].lower()
        place, attributes = _attributes(html, tag.end())
        if place < 0:
            return
        if tag[1]:
            yield Token("/" + name)
        elif name in _ENDS:
            place = _after_content(html, place, name, unclosed)
        else:
            yield Token(name, "", attributes)
    if place < len(html):
        yield Token("", _text(html[place:]))


def _after_markup(html: str, start: int) -> int:
    """Skip a comment, doctype or instruction; a lone ``<`` is text and one character long."""
    if html.startswith("<!--", start):
        if html.startswith((">", "->"), start + 4):
            return html.index(">", start) + 1
        end = html.find("-->", start + 4)
        return end + 3 if end >= 0 else len(html)
    if html.startswith(("<!", "<?", "</"), start):
        end = html.find(">", start)
        return end + 1 if end >= 0 else len(html)
    return start + 1


def _after_content(html: str, place: int, name: str, unclosed: set[str]) -> int:
    """Skip an element we never show, with what is in it."""
    end = None if name in unclosed else _ENDS[name].search(html, place)
    if end is None:
        unclosed.add(name)
        return len(html) if name in _RAW else place
    return end.start()


def _attributes(html: str, place: int) -> tuple[int, dict[str, str]]:
    """Return where the tag ends (-1: never) and its attributes, the first of each name."""
    found: dict[str, str] = {}
    for _ in range(MOST_ATTRIBUTES + 1):
        part = _ATTRIBUTE.match(html, place)
        if part is None:
            return -1, {}
        place = part.end()
        if part[1]:
            return place, found
        value = part[3] or part[4] or part[5] or ""
        found.setdefault(part[2].lower(), UNWRITABLE.sub("", _CHARACTER.sub(_character, value)))
    raise TooMuch("attributes")


def _character(reference: re.Match[str]) -> str:
    return unescape(reference[0])


def _text(raw: str) -> str:
    return UNWRITABLE.sub("", unescape(raw) if "&" in raw else raw)


def balanced(stream: Iterable[Token], known: frozenset[str]) -> Iterator[Token]:
    """Close what was left open, drop end tags that close nothing and tags that are not known."""
    nest, count = _Nest(), 0
    for token in stream:
        if not token.name:
            yield token
            continue
        count += 1
        if count > MOST_TAGS:
            raise TooMuch("tags")
        if token.name[0] == "/":
            yield from nest.close(token.name[1:])
        elif token.name in known:
            yield from nest.open(token)
    yield from nest.close_all()


class _Nest:
    """The elements open now, innermost last."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.counts: Counter[str] = Counter()
        self.styling = 0

    def open(self, token: Token) -> Iterator[Token]:
        closes = _SELF_CLOSING.get(token.name)
        if closes and (place := self._nearest(closes)) is not None:
            yield from self._pop_to(place)
        if token.name in VOID:
            yield token
            return
        styles = token.name in _STYLING
        if styles and self.styling >= DEEPEST_STYLING:
            return
        if len(self.names) >= DEEPEST:
            raise TooMuch("nesting")
        self.names.append(token.name)
        self.counts[token.name] += 1
        self.styling += styles
        yield token

    def close(self, name: str) -> Iterator[Token]:
        if (place := self._nearest(frozenset({name}))) is not None:
            yield from self._pop_to(place)

    def close_all(self) -> Iterator[Token]:
        yield from self._pop_to(0)

    def _nearest(self, wanted: frozenset[str]) -> int | None:
        """Where the outermost of these names is open on this side of a wall, if any is.

        Outermost, since to end a row is to end the cell in it; paragraphs and lists do not nest.
        """
        if not any(self.counts[name] for name in wanted):
            return None
        walls, place = _walls_for(wanted), None
        for index in range(len(self.names) - 1, -1, -1):
            if self.names[index] in wanted:
                place = index
                if len(wanted) == 1:
                    break
            elif self.names[index] in walls:
                break
        return place

    def _pop_to(self, place: int) -> Iterator[Token]:
        while len(self.names) > place:
            name = self.names.pop()
            self.counts[name] -= 1
            self.styling -= name in _STYLING
            yield Token("/" + name)


def _walls_for(wanted: frozenset[str]) -> frozenset[str]:
    if wanted & _TABLE_PARTS:
        return _TABLE_WALL
    return _LIST_WALLS if wanted & {"li", "dt", "dd"} else _WALLS


def written(stream: Iterable[Token], attributes: frozenset[str]) -> str:
    """Write tokens in the plainest spelling, with only these attributes."""
    html = "".join(
        f"<{token.name}{_written_attributes(token, attributes)}>"
        if token.name
        else escape(token.text, quote=False)
        for token in stream
    )
    if html.count("&") > MOST_REFERENCES:
        raise TooMuch("character references")
    return html


def _written_attributes(token: Token, allowed: frozenset[str]) -> str:
    kept = [(name, value) for name, value in token.attributes.items() if name in allowed]
    return "".join(f' {name}="{escape(value)}"' for name, value in kept)
