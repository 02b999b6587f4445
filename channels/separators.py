"""The line that parts what a customer answers from the mail of ours that they answer (rule 68).

It bears a mark that only we can make, so nobody can have their own words folded away, or
another's, by writing such a line. Text has it as its first line; HTML as the class of the
element around all of it, which nobody sees.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from channels.mail.body import same_end
from channels.mail.html_text import Line, html_lines
from channels.mail.parsed import ParsedMail
from channels.mail.quotes_plain import plain_lines, split_reply
from channels.threads import (
    agent_address,
    body_mark,
    marks_of_addresses,
    reply_address,
    side_thread_address,
)

_LINE = re.compile(
    r"\s{0,3}-- [^\[\]\n]{1,80}\[(?:ref:)?([tsa]\d{1,18}(?:-\d{1,18})?)\.([a-z2-7]{26})\] --\s{0,3}"
)
_ELEMENT = re.compile(r"<[^<>]{0,400}harbour-above-([ts]\d{1,18})-([a-z2-7]{26})\b", re.ASCII)
_TRIES = 20


def text_line(ticket_id: int, side_thread_id: int | None = None) -> str:
    """In the active language. It bears the mark by which an answer finds its ticket, too."""
    aside = side_thread_id is not None
    mark = _mark(ticket_id, side_thread_id) if aside else body_mark(ticket_id)
    return _line(mark)


def agents_line(ticket_id: int, agent_id: int) -> str:
    """The same in a notice that an agent may answer."""
    return _line(agent_address("@", ticket_id, agent_id).strip("+@"))


def _line(mark: str) -> str:
    return f"-- {_('Please reply above this line')} [{mark}] --"


def html_class(ticket_id: int, side_thread_id: int | None = None) -> str:
    return f"harbour-above-{_mark(ticket_id, side_thread_id).replace('.', '-')}"


def _mark(ticket_id: int, side_thread_id: int | None) -> str:
    address = (
        reply_address("@", ticket_id)
        if side_thread_id is None
        else side_thread_address("@", side_thread_id)
    )
    return address.strip("+@")


def _is_ours(about: str, mac: str) -> bool:
    return next(marks_of_addresses([f"+{about}.{mac}@"]), None) is not None


def own_words(mail: ParsedMail) -> tuple[str, str]:
    """What the sender wrote, and what they quote; cut at our mark where that shows more."""
    return _cut_text(mail) or _cut_html(mail) or (mail.reply_text, mail.quoted_text)


def _cut_text(mail: ParsedMail) -> tuple[str, str] | None:
    """Only at a line that is not marked as quoted: there, the answer may go on below it."""
    lines = mail.reply_text.split("\n")
    for at, line in enumerate(lines):
        found = _LINE.fullmatch(line) if line.lstrip().startswith("-- ") else None
        if found and _is_ours(found[1], found[2]):
            reply = _without_announcement(plain_lines("\n".join(lines[:at])))
            before, _reply, rest = mail.reply_text.partition(reply) if reply else ("x", "", "")
            quoted = "\n".join(part for part in (rest.strip("\n"), mail.quoted_text) if part)
            return None if before.strip() else (reply, quoted)
    return None


def _cut_html(mail: ParsedMail) -> tuple[str, str] | None:
    for found, _n in zip(_ELEMENT.finditer(mail.html), range(_TRIES), strict=False):
        if _is_ours(found[1], found[2]):
            return _cut_before(mail, mail.html[: found.start()])
    return None


def _cut_before(mail: ParsedMail, markup: str) -> tuple[str, str] | None:
    """None where the HTML itself says that the mark is quoted: that was looked at before."""
    lines = html_lines(f"{markup}<div>x</div>")
    if not lines or lines[-1].quoted:
        return None
    reply = _without_announcement(lines[:-1])
    cut = same_end(mail.text, reply) if reply else 0
    if not cut or len(reply) >= len(mail.reply_text):
        return None
    return mail.text[:cut].strip(), mail.text[cut:].strip("\n")


def _without_announcement(lines: list[Line]) -> str:
    """The words above our mark, less the line by which a mail program announces a quotation."""
    fold = Line("> -", quoted=True)
    reply = split_reply([*lines, fold]).reply
    return "" if reply.rstrip().endswith(fold.text) else reply
