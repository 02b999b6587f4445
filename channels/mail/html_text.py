"""HTML to lines of text in one linear pass; each line knows whether it is quoted."""

import html
import re
from collections import defaultdict
from typing import NamedTuple

from channels.mail.decode import storable
from channels.mail.quotes_html import MARKED_TAGS, quote_mark

LONGEST_HTML = 2 * 1024 * 1024
_TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,30})((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>", re.DOTALL
)
_TAG_REACH = 16 * 1024
_BLANKS = re.compile(r"[ \t\r\n\f\u200b]+")
_HIDDEN = frozenset(("script", "style", "title", "template", "noscript", "object", "svg", "xml"))
_VOID = frozenset(("br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr"))
_PARAGRAPH = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "pre", "table", "dl")
)
_BLOCK = _PARAGRAPH | frozenset(
    ("div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "body", "html",
     "center", "form", "fieldset", "address", "aside", "main", "nav", "figure", "caption", "head",
     "tbody", "thead", "tfoot", "o:p", "title", "hr")
)  # fmt: skip


class Line(NamedTuple):
    """One line as read; `mark` tells what stands before it in the HTML (see quotes_html)."""

    text: str
    quoted: bool = False
    mark: str = ""


def text_of(lines: list[Line]) -> str:
    """Lines as plain text, quoted ones behind the usual mark."""
    return "\n".join(f"> {line.text}".rstrip() if line.quoted else line.text for line in lines)


def html_lines(markup: str) -> list[Line]:
    """The readable lines of a document; time is linear in its size, whatever it holds."""
    reader = _Reader()
    reader.read(markup[:LONGEST_HTML])
    return reader.lines


class _Reader:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.words: list[str] = []
        self.mark = ""
        self.pre = 0
        self.open: defaultdict[str, int] = defaultdict(int)
        self.quotes: defaultdict[str, list[int]] = defaultdict(list)
        self.depth = 0
        self.announced = 0
        self.signed: list[tuple[str, int]] = []
        self.missing: set[str] = set()
        self.patience = 64

    def read(self, markup: str) -> None:
        at = 0
        size = len(markup)
        while at < size:
            start = markup.find("<", at)
            if start < 0:
                break
            if start > at:
                self.text(markup[at:start])
            at = self._markup(markup, start)
        self.text(markup[at:])
        self.flush()
        while self.lines and not self.lines[-1].text:
            self.lines.pop()

    def _markup(self, markup: str, start: int) -> int:
        """Take in what starts with "<" at `start`; where to go on."""
        if markup.startswith("<!--", start):
            return self._skip(markup, start + 4, "-->", start + 4)
        if markup.startswith(("<!", "<?"), start):
            return self._skip(markup, start + 2, ">", start + 2)
        tag = self._tag(markup, start)
        if tag is None:
            following = markup[start + 1 : start + 2]
            if following.isalpha() or following == "/":
                return self._skip(markup, start + 1, ">", start + 1)
            self.text("<")
            return start + 1
        name = tag[2].lower()
        if tag[1]:
            self.end(name)
        else:
            self.start(name, tag[3])
            if name in _HIDDEN and not tag[3].endswith("/"):
                return self._skip(markup, tag.end(), f"</{name}", tag.end())
        return tag.end()

    def _tag(self, markup: str, start: int) -> re.Match[str] | None:
        """The tag at `start`; what is spent on tags that never close is limited in all."""
        tag = _TAG.match(markup, start, start + 1024)
        if tag is None and self.patience > 0:
            self.patience -= 1
            tag = _TAG.match(markup, start, start + _TAG_REACH)
        return tag

    def _skip(self, markup: str, start: int, until: str, otherwise: int) -> int:
        if until in self.missing:
            return otherwise
        end = markup.find(until, start)
        if end < 0:
            end = markup.find(until.upper(), start)
        if end < 0:
            self.missing.add(until)
            return otherwise
        return end + len(until) if not until.startswith("</") else end

    def start(self, name: str, attributes: str) -> None:
        mark = quote_mark(name, attributes.strip()) if name in MARKED_TAGS else ""
        if name in _BLOCK or mark in ("inside", "announced", "after", "signature"):
            self.flush()
        if name in _PARAGRAPH:
            self.gap()
        self._replace(name, mark)
        if name not in _VOID:
            self.open[name] += 1
        if name == "pre":
            self.pre += 1
        if mark in ("inside", "announced"):
            self.quotes[name].append(self.open[name])
            self.depth += 1
            self.announced += mark == "announced"
        elif mark == "signature" and name not in _VOID:
            self.signed.append((name, self.open[name]))
        elif mark:
            self.mark = "after" if "after" in (mark, self.mark) else mark

    def _replace(self, name: str, mark: str) -> None:
        """What an element looks like in plain text."""
        if name == "br":
            self.flush(even_empty=True)
        elif name in ("td", "th"):
            self.words.append(" ")
        elif name == "li":
            self.words.append("* ")
        elif name == "hr":
            self.lines.append(Line("─" * 20, self.depth > 0, mark))

    def end(self, name: str) -> None:
        if name in _BLOCK:
            self.flush()
        if name in _VOID or not self.open[name]:
            return
        held = self.quotes[name]
        while held and held[-1] >= self.open[name]:
            self.flush()
            held.pop()
            self.depth -= 1
            self.announced = min(self.announced, self.depth)
        if self.signed and self.signed[-1] == (name, self.open[name]):
            self.flush()
            self.signed.pop()
        self.open[name] -= 1
        if name == "pre":
            self.pre -= 1
        if name in _PARAGRAPH:
            self.gap()

    def text(self, raw: str) -> None:
        if not raw:
            return
        text = html.unescape(raw) if "&" in raw else raw
        if not self.pre:
            self.words.append(_BLANKS.sub(" ", text))
            return
        *whole, last = text.replace("\r\n", "\n").split("\n")
        for line in whole:
            self.words.append(line)
            self.flush(even_empty=True)
        self.words.append(last)

    def flush(self, *, even_empty: bool = False) -> None:
        """End the line being read."""
        if not self.words and not even_empty:
            return
        joined = "".join(self.words).replace("\xa0", " ")
        self.words.clear()
        text = storable(joined.rstrip() if self.pre else re.sub(r" {2,}", " ", joined).strip())
        if not text and not even_empty:
            return
        if self.announced:
            self.lines.append(Line(text, mark="announced"))
            return
        mark, self.mark = (self.mark, "") if text else ("", self.mark)
        if self.signed and not mark:
            mark = "signature"
        self.lines.append(Line(text, self.depth > 0, mark))

    def gap(self) -> None:
        """An empty line, unless there is one."""
        if self.lines and self.lines[-1].text:
            self.lines.append(Line("", self.depth > 0))
