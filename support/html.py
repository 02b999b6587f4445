"""Cleans incoming HTML for the agent's eyes; HTML to text and back; the frame mail is shown in."""

import re
from collections.abc import Iterator, Mapping
from html import escape

import nh3

from support import html_tokens
from support.html_tokens import BLOCKS, LONGEST_HTML, VOID, Token, TooMuch, names

TAGS = frozenset(
    BLOCKS
    | VOID
    | names("a abbr b bdi bdo big caption cite code col colgroup del em font i ins kbd mark nobr q")
    | names("s samp small span strike strong sub sup tbody td tfoot th thead tr tt u")
)
_SIZES = {"width", "height", "align", "valign", "bgcolor"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "table": _SIZES | {"border", "cellpadding", "cellspacing"},
    "td": _SIZES | {"colspan", "rowspan", "nowrap"},
    "th": _SIZES | {"colspan", "rowspan", "nowrap"},
    **{name: {"align", "valign", "bgcolor"} for name in ("tr", "tbody", "thead", "tfoot")},
    **{name: {"width", "span"} for name in ("col", "colgroup")},
    **{name: {"align"} for name in ("div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "hr")},
}
# The marks by which mail programs set off what they quote, and our own for plain text.
_CLASSES = {
    "div": {"plain", "gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote"},
    "blockquote": {"gmail_quote"},
}
_KNOWN_CLASSES = frozenset().union(*_CLASSES.values())
_READ_ATTRIBUTES = frozenset({"class"}.union(*_ATTRIBUTES.values()))

LONGEST_PICTURE = 512 * 1024
_LINK = re.compile(
    r"(?i)(?:https?://[^/?#\\]|mailto:[^?]|tel:)[!-~\u00a1-\uffff\U00010000-\U0010ffff]*"
)
_DROPPED_IN_LINKS = re.compile(r"[\t\n\r]+")
_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_PICTURE = re.compile(r"(?i)data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
_LARGE_PICTURE = re.compile(r"data:image/[a-z+.-]{1,20};base64,[A-Za-z0-9+/=]{65536,}+")
_CONTENT_ID = re.compile(r"(?i)cid:[!#-&(-;=?-~]{1,250}")
_PLAIN_VALUE = re.compile(r"[\w #%.,+-]{0,100}")

_STYLES = names(
    "color background-color background font font-family font-size font-style font-weight"
    " text-align text-decoration line-height letter-spacing vertical-align white-space"
    " list-style-type direction display width height max-width min-width border-collapse"
    " border-spacing border-radius word-break overflow-wrap"
    " margin margin-top margin-right margin-bottom margin-left"
    " padding padding-top padding-right padding-bottom padding-left"
    " border border-top border-right border-bottom border-left border-color border-style"
    " border-width"
)
_STYLE_VALUE = re.compile(
    r"(?:rgba?\([\d.,% ]{1,40}\)|hsla?\([\d.,% a-z]{1,40}\)|[\w #%.,!/'\"]"
    r"|(?<=\w)-(?=\w)|(?<![\w.])-(?=[a-z]))*+"  # hyphens, but no minus signs
)
_BREAKING_SPACE = re.compile(r"[\t\n\f\r ]+")


def sanitise(html: str) -> str:
    """Return HTML that can do nothing but be read: no script, form, load from afar, or overlay.

    Inline pictures keep ``cid:`` addresses for ``place_pictures``. Linear in time; what is larger
    or deeper than any honest mail comes back as escaped plain text.
    """
    if len(html) > LONGEST_HTML:
        html = _LARGE_PICTURE.sub("", html)
    try:
        if len(html) > LONGEST_HTML:
            raise TooMuch("length")
        nested = html_tokens.balanced(html_tokens.tokens(html), TAGS)
        plain = html_tokens.written(nested, _READ_ATTRIBUTES)
    except TooMuch:
        return text_to_html(html_to_text(html))
    return _CLEANER.clean(plain)


def _kept(tag: str, name: str, value: str) -> str | None:
    """Decide on one attribute of an allowed name."""
    if name == "style":
        return _kept_style(value)
    if name == "href":
        return _kept_link(value)
    if name == "src":
        return _kept_picture(value)
    if name == "class":
        return value if _KNOWN_CLASSES.intersection(value.split()) else None
    if name in {"alt", "title"}:
        return value
    return value if _PLAIN_VALUE.fullmatch(value) else None


def _kept_link(value: str) -> str | None:
    """Write the address as a browser would read it, or drop it."""
    value = _DROPPED_IN_LINKS.sub("", value).strip(" ").replace(" ", "%20")
    return value if _LINK.fullmatch(value) and not _INVISIBLE.search(value) else None


def _kept_picture(value: str) -> str | None:
    value = _BREAKING_SPACE.sub("", value)
    if _CONTENT_ID.fullmatch(value):
        return "cid:" + value[4:]
    return value if len(value) <= LONGEST_PICTURE and _PICTURE.fullmatch(value) else None


def _kept_style(value: str) -> str | None:
    """Keep declarations of harmless properties whose values call, hide and move nothing."""
    kept = []
    for declaration in value[:4000].split(";"):
        name, _, content = declaration.partition(":")
        name, content = name.strip().lower(), " ".join(content.split())
        quotes = content.count('"') % 2 or content.count("'") % 2
        if name in _STYLES and content and not quotes and _STYLE_VALUE.fullmatch(content):
            kept.append(f"{name}:{content}")
    return ";".join(kept) or None


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    attribute_filter=_kept,
    allowed_classes=_CLASSES,
    url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)

_CID_SOURCE = re.compile(r' src="cid:([^"]*)"')


def place_pictures(clean: str, addresses: Mapping[str, str]) -> str:
    """Point the inline pictures of sanitised HTML at our own addresses, by content id."""

    def placed(source: re.Match[str]) -> str:
        address = addresses.get(source[1].replace("&amp;", "&"))
        return f' src="{escape(address)}"' if address else ""

    return _CID_SOURCE.sub(placed, clean)


def html_to_text(html: str) -> str:
    """Return the words of an HTML mail, quotes marked with ``>`` as in plain mails."""
    lines, quoting = _Lines(), 0
    try:
        for token in html_tokens.tokens(html[:LONGEST_HTML]):
            name = token.name.removeprefix("/")
            if name == "blockquote":
                quoting = max(0, quoting + (1 if name == token.name else -1))
            lines.take(token, quoting)
    except TooMuch:
        lines.take(Token("", "[…]"), quoting)
    return lines.joined()


class _Lines:
    """Text gathered line by line: blanks folded, at most one empty line between two."""

    DEEPEST_QUOTE = 8

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.words: list[str] = []
        self.prefix = ""
        self.preformatted = 0

    def take(self, token: Token, quoting: int) -> None:
        name = token.name.removeprefix("/")
        if name == "pre":
            self.preformatted = max(0, self.preformatted + (1 if token.name == name else -1))
        if not name:
            self._take_text(token.text)
        elif token.name in {"td", "th"}:
            self.words.append(" ")
        elif token.name == "img":
            self.words.append(token.attributes.get("alt", ""))
        elif (name == "br" or name == "tr" or name in BLOCKS) and self.words != ["- "]:
            self._end_line(blank=name in {"p", "br"})
            self.prefix = "> " * min(quoting, self.DEEPEST_QUOTE)
            self.words = ["- "] if token.name == "li" else []

    def _take_text(self, text: str) -> None:
        if not self.preformatted:
            self.words.append(text)
            return
        first, *rest = text.split("\n")
        self.words.append(first)
        for line in rest:
            self._end_line(blank=True)
            self.words = [line]

    def _end_line(self, *, blank: bool) -> None:
        said = "".join(self.words)
        said = said.rstrip() if self.preformatted else _BREAKING_SPACE.sub(" ", said).strip(" ")
        if said or (blank and self.lines and self.lines[-1].strip("> ")):
            self.lines.append((self.prefix + said).rstrip(" "))

    def joined(self) -> str:
        self._end_line(blank=False)
        return "\n".join(self.lines).strip("\n ")


_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9/@.])(?:https?://|www\.)[!#-&(-;=?-Z\[\]_a-z~]{1,2000}"
    r"|(?<![A-Za-z0-9_.%+@/-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@"
    r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}(?![A-Za-z0-9_@-])"
)
_CLOSERS = {")": "(", "]": "["}


def text_to_html(text: str) -> str:
    """Escape plain text, keep its lines, and make links of addresses; the words stay the same."""
    linked = linked_html(text).replace("\r\n", "\n").replace("\r", "\n")
    return f'<div class="plain">{linked.replace(chr(10), "<br>")}</div>'


def linked_html(text: str) -> str:
    """The same for a piece of text, its line ends untouched."""
    return "".join(_linked(html_tokens.UNWRITABLE.sub("", text)))


def _linked(text: str) -> Iterator[str]:
    place = 0
    for match in _ADDRESS.finditer(text):
        written = _without_trailing_marks(match[0])
        yield escape(text[place : match.start()], quote=False)
        yield _link(written)
        place = match.start() + len(written)
    yield escape(text[place:], quote=False)


def _without_trailing_marks(address: str) -> str:
    """A full stop, or a bracket opened before the address, is the sentence's."""
    while address:
        last = address[-1]
        opener = _CLOSERS.get(last)
        if opener and address.count(opener) >= address.count(last):
            break
        if not opener and last not in ".,:;!?*_~&'":
            break
        address = address[:-1]
    return address


def _link(address: str) -> str:
    target = address
    if address.startswith("www."):
        target = "http://" + address
    elif "://" not in address:
        target = "mailto:" + address
    host = re.split(r"[/?#]", target.partition("://")[2], maxsplit=1)[0]
    if "@" in host or not _LINK.fullmatch(target):
        return escape(address, quote=False)
    return (
        f'<a href="{escape(target)}" rel="noopener noreferrer nofollow">'
        f"{escape(address, quote=False)}</a>"
    )


FRAME_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'"
)
FRAME_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_FRAME_STYLE = (
    ":root{color-scheme:light}body{margin:0;padding:4px;background:#fff;color:#1c2024;"
    "font:15px/1.55 system-ui,-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif;"
    "overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%}"
    ".plain{white-space:pre-wrap}blockquote{margin:0 0 0 .5em;padding-left:.75em;"
    "border-left:3px solid #d0d4da}pre{white-space:pre-wrap}"
)


def frame_document(html: str, *, lang: str) -> str:
    """Return sanitised HTML as a whole page for a sandboxed frame.

    Serve it from a route with FRAME_POLICY as its header and show it in a frame with
    ``sandbox=FRAME_SANDBOX``; a ``srcdoc`` would inherit the console's policy and lose its styles.
    """
    return (
        f'<!doctype html><html lang="{escape(lang)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(FRAME_POLICY)}">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<base target="_blank"><style>{_FRAME_STYLE}</style></head><body>{html}</body></html>'
    )
