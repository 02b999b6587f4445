"""Address lists (RFC 5322) read in one linear pass, however broken; never raises."""

import re

from channels.mail.decode import header_text
from channels.mail.parsed import Address

MOST_ADDRESSES = 48
_LONGEST_LIST = 64 * 1024
# Quoted string | comment (one level; deeper ones are only text) | plain run | one character.
_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*+)"|\(((?:[^()\\]|\\.)*+)\)|([^",;:<>()\\]++)|(\\.)|(.)', re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPACE = re.compile(r'("[^"]*")|\s+')  # a quoted local part keeps its spaces
_LOOKS_LIKE_ADDRESS = re.compile(
    r"(?:[^\s<>\"'()\[\],;:]|(?<=\w)'(?=\w))+@[^\s<>\"'()\[\],;:]+"  # o'neil@, but not 'ann@
)


def parse_addresses(raw: str, hint: str = "", most: int = MOST_ADDRESSES) -> list[Address]:
    """(name, address) pairs of a raw header value, at most `most`; groups are opened."""
    found: list[Address] = []
    mailbox = _Mailbox(hint)
    for token in _TOKEN.finditer(raw[:_LONGEST_LIST]):
        if mailbox.take(token):
            continue
        pair = mailbox.pair()
        mailbox = _Mailbox(hint)
        if pair != ("", ""):
            found.append(pair)
        if len(found) >= most:
            return found
    pair = mailbox.pair()
    if pair != ("", ""):
        found.append(pair)
    return found


class _Mailbox:
    """One mailbox of a list as it is read, token by token."""

    def __init__(self, hint: str) -> None:
        self.hint = hint
        self.words: list[str] = []
        self.comments: list[str] = []
        self.angle: list[str] | None = None
        self.closed = False
        self.quoted = False

    def take(self, token: re.Match[str]) -> bool:
        """Take one token in; False when it ends this mailbox."""
        quoted, comment, plain, escaped, mark = token.groups()
        if comment is not None:
            self.comments.append(_ESCAPED.sub(r"\1", comment))
        elif mark == "<":
            self.angle, self.closed = [], False
        elif mark == ">" and self.angle is not None:
            self.closed = True
        elif mark in (",", ";") and (self.angle is None or self.closed):
            return False
        elif mark == ":" and self.angle is None and "@" not in "".join(self.words):
            self.words.clear()  # the name of a group
        else:
            self._add(quoted, plain if plain is not None else (escaped or mark or ""))
        return True

    def _add(self, quoted: str | None, plain: str) -> None:
        inside = self.angle is not None and not self.closed
        text = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
        if inside and self.angle is not None:
            self.angle.append(f'"{text}"' if quoted is not None else text)
        else:
            self.quoted = self.quoted or quoted is not None
            self.words.append(text)

    def pair(self) -> Address:
        words = "".join(self.words) if not self.quoted else " ".join(
            word.strip() for word in self.words if word.strip()
        )  # fmt: skip
        name = _tidy(header_text(words, self.hint))
        comment = _tidy(header_text(" ".join(self.comments), self.hint))
        if self.angle is not None:
            address = _address(header_text("".join(self.angle), self.hint))
            if address and "@" not in address and "@" in name:
                return "", _bare(name)[1]
            return name or comment, address
        if "@" not in name:
            return ("", "") if not name else (name, "")
        rest, address = _bare(name)
        return rest or comment, address


def _bare(text: str) -> Address:
    """Name and address of `Big Bug bb@example.com`: the last thing that looks like an address."""
    hits = list(_LOOKS_LIKE_ADDRESS.finditer(text[-1000:]))
    if not hits:
        return "", _address(text)
    address = hits[-1][0]
    rest = _tidy(text.replace(address, " "))
    return rest, _address(address)


def _address(text: str) -> str:
    """The addr-spec without white space, source route or stray marks."""
    spec = _SPACE.sub(lambda found: found[1] or "", text).strip("<>,;'")
    if spec.startswith("@") and ":" in spec:
        spec = spec.rsplit(":", 1)[1]
    return spec.removeprefix("mailto:").rstrip(".")[:320]


def _tidy(name: str) -> str:
    text = re.sub(r"\s+", " ", name).strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text[:320]
