"""What a mail itself gives away: a loop, a sender who is not genuine, spam, too many bytes.

Such a mail is suspended and not dropped: the relay, the border or we may be mistaken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.conf import settings

from channels.base import RawCall
from channels.border import dmarc_of
from channels.mail.parsed import ParsedMail
from channels.threads import base_address, ticket_of_message_id

#: A cause of a receipt, and why in words.
Doubt = tuple[str, str]

_STATUS_SCORE = re.compile(r"\b(?:score|hits)=(-?\d{1,6}(?:\.\d{1,6})?)", re.IGNORECASE)
_RSPAMD_SCORE = re.compile(r"\[\s*(-?\d{1,6}(?:\.\d{1,6})?)\s*/")
_NUMBER = re.compile(r"\s*(-?\d{1,6}(?:\.\d{1,6})?)\b")
_SAYS_YES = re.compile(r"\s*(?:yes|true)\b", re.IGNORECASE)
_BAD_ACTION = re.compile(r"\s*(?:reject|rewrite subject|add header)\b", re.IGNORECASE)


def doubt_about(mail: ParsedMail, call: RawCall, *, is_proved: bool) -> Doubt | None:
    """Why this mail must not be filed without being asked for; None for an ordinary one.

    ``is_proved``: it answers a mail of ours, by a mark that only its recipient has.
    """
    if len(call.body) > settings.HARBOUR_MAIL_LIMIT:
        return "too_large", f"{len(call.body)} bytes"
    if loop := _loop(mail, call):
        return "loop", loop
    if dmarc_of(mail) == "fail" and not (is_proved and mail.is_bounce):
        return "unverified", "our border says that the sender is not genuine (dmarc=fail)"
    if not is_proved and (spam := _spam(mail)):
        return "spam", spam
    return None


def _loop(mail: ParsedMail, call: RawCall) -> str:
    """Our own mail coming back is never a customer's (rules 33, 34, 39)."""
    if ticket_of_message_id(mail.message_id) is not None:
        return "a mail that we sent ourselves"
    if settings.HARBOUR_MAIL_DOMAIN in mail.loop_headers:
        return "it bears our loop mark"
    if base_address(mail.from_email) in call.meta.get("own_addresses", []):
        return "the sender is one of our own mailboxes"
    return ""


def _spam(mail: ParsedMail) -> str:
    """What the relay holds against it. The worst counts: to forge that helps nobody."""
    threshold = settings.HARBOUR_SPAM_SCORE
    if threshold <= 0:  # the relay's headers are not to be believed
        return ""
    worst = max((score for _, score in _scores(mail)), default=0.0)
    if worst >= threshold:
        return f"the relay's score is {worst:g}"
    flagged = next((name for name, value in mail.spam_headers if _is_flag(name, value)), "")
    return f"the relay says so in {flagged}" if flagged else ""


def _scores(mail: ParsedMail) -> Iterator[tuple[str, float]]:
    patterns = {
        "x-spam-status": _STATUS_SCORE,
        "x-spam-score": _NUMBER,
        "x-rspamd-score": _NUMBER,
        "x-spamd-result": _RSPAMD_SCORE,
    }
    for name, value in mail.spam_headers:
        pattern = patterns.get(name)
        if pattern and (found := pattern.search(value[:500])):
            yield name, float(found[1])


def _is_flag(name: str, value: str) -> bool:
    if name == "x-rspamd-action":
        return _BAD_ACTION.match(value) is not None
    return name in ("x-spam-flag", "x-spam-status", "x-spam") and bool(_SAYS_YES.match(value))
