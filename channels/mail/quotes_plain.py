"""What the sender wrote, and what is quoted: a partition of the lines, nothing is lost."""

import re
from dataclasses import dataclass

from channels.mail.attribution import (
    GROUPWISE,
    attribution_at,
    header_block_at,
    is_rule,
    may_announce,
    rule_at,
)
from channels.mail.html_text import Line
from channels.mail.signatures import split_signature

_MOST_LINES = 3000
_QUOTED = re.compile(r"\s{0,3}(?:[A-Z]{0,3}[>＞]|\|\s)")
_COLON_LINE = re.compile(r"[*\s]{0,4}[^:：\n]{1,40}[:：]")
_SHARED = re.compile(r"-{2,10}\s?(?=On \S)|(?<=\S)\s(?=On (?:[A-Z][a-z]{2,8},? |\d))")
_SIGNATURE_START = re.compile(
    r"\s*(?:(?:--|—|_{5,})\s*$|(?:best |kind )?(?:regards|thanks|cheers"
    r"|greetings)[,!]?\s?\w{0,20}\s*$)",
    re.IGNORECASE,
)
_FRAMED = re.compile(r"\s{0,3}[-_=]{3,60}[^-_=]{1,60}[-_=]{3,60}\s*$")
_EXTRA = re.compile(r"\s*\(?<?(?:https?://|mailto:)\S{1,400}\s?[>)]{0,3}\s*>?\s*$")


@dataclass(frozen=True, slots=True)
class Split:
    """The visible answer, everything folded away, and the signature within the latter."""

    reply: str
    quoted: str
    signature: str


def split_reply(lines: list[Line]) -> Split:
    """Fold quotations; when nothing of the sender's would be left, fold nothing (rule 65)."""
    splitter = _Splitter(_unshare(lines[:_MOST_LINES]))
    split = splitter.split()
    rest = lines[_MOST_LINES:]
    if not rest:
        return split
    tail = "\n".join(line.text for line in rest)
    if splitter.closed or all(line.quoted or not line.text.strip() for line in rest):
        return Split(split.reply, f"{split.quoted}\n{tail}", split.signature)
    return Split("\n".join(line.text for line in lines), "", "")


def plain_lines(text: str) -> list[Line]:
    """Lines of a text/plain body; a leading ">" makes a quoted one."""
    return [Line(line, bool(line) and _QUOTED.match(line) is not None) for line in text.split("\n")]


def _unshare(lines: list[Line]) -> list[Line]:
    """`reply--- On …, x wrote:` becomes two lines, without dashes if a quotation follows it."""
    out: list[Line] = []
    for at, line in enumerate(lines):
        shared = None if line.quoted or len(line.text) > 500 else _SHARED.search(line.text)
        if (
            shared
            and not shared[0].strip()
            and not any(one.quoted for one in lines[at + 1 : at + 3])
        ):
            shared = None
        if shared and shared.start() and attribution_at([line.text[shared.end() :]], 0):
            out.append(Line(line.text[: shared.start()], mark=line.mark))
            out.append(Line(line.text[shared.start() :]))
        else:
            out.append(line)
    return out


class _Splitter:
    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.texts = [
            re.sub("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]", "", line.text)
            for line in lines
        ]
        self.visible: list[int] = []
        self.interleaved = False
        self.spoken = False
        self.closed = False
        self.announcements: dict[int, int] = {}
        self.last_quoted = max((at for at, line in enumerate(lines) if line.quoted), default=-1)
        self.last_own = self._last_own_line()
        self.rich = any(line.quoted and not _QUOTED.match(line.text) for line in lines)

    def split(self) -> Split:
        self._scan()
        kept = [self.texts[at] for at in self.visible]
        if not any(line.strip() and not _QUOTED.match(line) for line in kept):
            self.visible = list(range(len(self.lines)))
            kept = self.texts
        signature_from = min(split_signature(kept), self._marked_signature())
        reply = self.visible[:signature_from]
        signature = "\n".join(kept[signature_from:]).strip()
        shown = set(reply)
        folded = [self._shown(at) for at in range(len(self.lines)) if at not in shown]
        visible_text = "\n".join(self._shown(at) for at in reply)
        return Split(visible_text.strip("\n "), "\n".join(folded).strip("\n"), signature)

    def _marked_signature(self) -> int:
        """Where the HTML says that only a signature follows: an index into what is visible."""
        start = len(self.visible)
        for index in range(len(self.visible) - 1, -1, -1):
            at = self.visible[index]
            if self.texts[at].strip() and self.lines[at].mark != "signature":
                break
            start = index
        own = any(re.search(r"\w", self.texts[at]) for at in self.visible[:start])
        return start if own else len(self.visible)

    def _shown(self, at: int) -> str:
        line = self.lines[at]
        if line.quoted and not _QUOTED.match(line.text):
            return f"> {line.text}".rstrip()
        return line.text

    def _scan(self) -> None:
        at = 0
        while at < len(self.lines):
            length = self._announced(at, spoken=self.spoken)
            if length:
                at = self._after_announcement(at, at + length)
            elif self.lines[at].quoted:
                at = self._quoted_run(at)
            else:
                self.visible.append(at)
                self.spoken = self.spoken or bool(self.texts[at].strip())
                at += 1

    def _announced(self, at: int, *, spoken: bool) -> int:
        """Lines of a quotation's announcement at `at`, 0 when there is none."""
        if spoken and self._ends_here(at):
            return len(self.lines) - at
        if at not in self.announcements:
            self.announcements[at] = self._announcement(at)
        return self.announcements[at]

    def _ends_here(self, at: int) -> bool:
        """Does the HTML say that from here on everything is quoted?"""
        line = self.lines[at]
        if line.mark == "after":
            return True
        return (
            line.mark == "divider"
            and _COLON_LINE.match(line.text) is not None
            and sum(1 for text in self.texts[at + 1 : at + 8] if _COLON_LINE.match(text)) >= 2
        )

    def _announcement(self, at: int) -> int:
        line = self.lines[at]
        if line.mark == "announced":
            return self._announced_lines(at)
        if line.text.startswith(">>> ") and GROUPWISE.match(line.text):
            return 1
        if line.quoted or not line.text.strip():
            return 0
        if not is_rule(line.text) and not rule_at(self.texts[at]):
            return header_block_at(self.texts, at) or self._attribution(at)
        below = self._next_filled(at + 1)
        block = header_block_at(self.texts, below)
        if rule_at(self.texts[at]):
            return below + block - at
        return below + block - at if block and below < at + 4 else 0

    def _attribution(self, at: int) -> int:
        length = attribution_at(self.texts, at)
        if length:
            return length
        below = self._next_filled(at + 1)
        quoted = below < len(self.lines) and self.lines[below].quoted
        return 1 if quoted and may_announce(self.texts[at]) else 0

    def _announced_lines(self, at: int) -> int:
        end = at
        while end < len(self.lines) and self.lines[end].mark == "announced":
            end += 1
        return end - at

    def _after_announcement(self, start: int, end: int) -> int:
        """Decide about what an announcement at [start, end) introduces; where to go on."""
        below = self._next_filled(end)
        if below >= len(self.lines):
            self.closed = self.spoken
            return len(self.lines)
        if not self.lines[below].quoted:
            if not self.spoken:
                return end
            self._drop_rules_above()
            self.closed = True
            return len(self.lines)
        run = self._run_end(below)
        if self._interleaved(run):
            self.visible.extend(range(below, run))
            self.spoken = True
        return run

    def _drop_rules_above(self) -> None:
        """Lines of dashes above a header block belong to the quotation."""
        while self.visible:
            text = self.texts[self.visible[-1]]
            if text.strip() and not is_rule(text) and not _FRAMED.match(text):
                return
            self.visible.pop()

    def _quoted_run(self, start: int) -> int:
        run = self._run_end(start)
        if self._interleaved(run):
            self.visible.extend(range(start, run))
            self.spoken = True
        return run

    def _interleaved(self, run: int) -> bool:
        """Is the sender answering point by point, so that what was asked must stay in view?"""
        if self.last_own < run:
            return False
        if self.last_quoted >= run:
            self.interleaved = True
        return self.interleaved or (self.spoken and not self.rich)

    def _run_end(self, start: int) -> int:
        """Where quoted lines end, taking in lines that a mail program broke out of them."""
        at = start
        end = start
        while at < len(self.lines):
            if self.lines[at].quoted:
                at += 1
                end = at
            elif not self.texts[at].strip():
                at += 1
            elif self._broken_out(at):
                at += 1
                end = at
            else:
                break
        return end

    def _broken_out(self, at: int) -> bool:
        """An unquoted leftover of a wrapped quoted line just above."""
        above, line = self.texts[at - 1], self.texts[at]
        if not self.lines[at - 1].quoted or len(line) > 200:
            return False
        if _EXTRA.match(line):
            return True
        if above.count("(") > above.count(")") and line.rstrip().endswith(")"):
            return True
        below_quoted = at + 1 < len(self.lines) and self.lines[at + 1].quoted
        return len(above) >= 70 and below_quoted and line[:1].islower()

    def _last_own_line(self) -> int:
        """The last line with words of the sender's, signatures aside; -1 when there is none."""
        last = -1
        at = 0
        segment: list[int] = []
        while at < len(self.lines):
            length = self._announced(at, spoken=last >= 0 or bool(segment))
            if not length and not self.lines[at].quoted:
                segment.append(at)
                at += 1
                continue
            last = max(last, _last_word(self.texts, segment))
            segment = []
            if length:
                below = self._next_filled(at + length)
                quoted = below < len(self.lines) and self.lines[below].quoted
                if not quoted and last >= 0:
                    return last
            at += length or 1
        return max(last, _last_word(self.texts, segment))

    def _next_filled(self, at: int) -> int:
        while at < len(self.lines) and not self.texts[at].strip():
            at += 1
        return at


def _last_word(texts: list[str], segment: list[int]) -> int:
    """The last filled line of a segment; -1 when it holds nothing but a signature."""
    filled = [at for at in segment if re.search(r"\w", texts[at])]
    marks = [at for at in segment if texts[at].strip()]
    if not filled or _SIGNATURE_START.match(texts[marks[0]]):
        return -1
    return filled[-1]
