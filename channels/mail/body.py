"""From the content of a mail to what is shown: answer, quotation, signature."""

import re

from channels.mail.html_text import html_lines
from channels.mail.quote_words import FORWARD_RULE
from channels.mail.quotes_plain import Split, plain_lines, split_reply
from channels.mail.structure import Body

_QUOTING = re.compile(r"blockquote|quote|border-top|<hr|appendonsend|divRplyFwdMsg", re.IGNORECASE)


def split_body(body: Body, *, forwarded: bool, is_reply: bool) -> Split:
    """Fold what is quoted; a forwarded mail is shown whole (rule 66)."""
    if forwarded and not is_reply:
        return Split(body.text.strip(), "", "")
    if body.lines:
        return split_reply(body.lines)
    split = split_reply(plain_lines(body.text))
    if split.quoted or not body.html or len(body.html) > 512 * 1024:
        return split
    return _by_html(body, split)


def _by_html(body: Body, plain: Split) -> Split:
    """The plain text shows no quotation; the HTML may know of one by its elements."""
    if not _QUOTING.search(body.html):
        return plain
    lines = html_lines(body.html)
    if not any(line.quoted or line.mark in ("after", "divider") for line in lines):
        return plain
    rich = split_reply(lines)
    if not rich.quoted or not rich.reply:
        return plain
    cut = same_end(body.text, rich.reply)
    if cut <= 0:
        return plain
    rest = body.text[cut:].strip("\n")
    return Split(body.text[:cut].strip(), rest, rich.signature) if rest.strip() else plain


def same_end(text: str, reply: str) -> int:
    """Where `reply` ends in `text` when white space is not looked at; 0 if it is not its start."""
    wanted = re.sub(r"\s+", "", reply)
    at = matched = 0
    while at < len(text) and matched < len(wanted):
        if not text[at].isspace():
            if text[at] != wanted[matched]:
                return 0
            matched += 1
        at += 1
    return at if matched == len(wanted) else 0


def looks_forwarded(text: str) -> bool:
    """Does the text open with a forwarded message?"""
    head = text.lstrip()[:300]
    return bool(FORWARD_RULE.match(head))
