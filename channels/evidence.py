"""What a mail says of where it belongs (rules 2 to 7, 13 and 16), before anybody is asked.

Proof first: a signed address, then a signed Message-ID, then the mark in the quoted text of
a mail whose Message-ID was rewritten on the way. Then the ids and numbers that
``tickets.operations.continuation`` looks up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from channels.mail.parsed import ParsedMail
from channels.threads import Mark, mark_in_text, mark_of_message_id, marks_of_addresses
from tickets import reference

#: How many earlier Message-IDs are looked up, nearest first.
MAX_REFERENCES = 5
_TRACKER = re.compile(r"(JIRA\.\d{1,18}\.\d{1,18})(?:\.\d{1,18})*@Atlassian\.JIRA", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``mark`` is proof; the others count for less. ``thread`` is an issue tracker's own key."""

    mark: Mark
    references: tuple[str, ...] = ()
    thread: str = ""
    number: str = ""

    @property
    def is_proved(self) -> bool:
        return self.mark != Mark()


def evidence_in(mail: ParsedMail, envelope: Iterable[str]) -> Evidence:
    """``envelope`` are the addresses that the door was told; they come before To (rule 61)."""
    ids = _nearest_first(mail)
    marks = [*marks_of_addresses([*envelope, *mail.recipients])]
    marks += [mark for each in ids if (mark := mark_of_message_id(each))]
    mark = marks[0] if marks else mark_in_text(mail.quoted_text, mail.text, mail.html)
    return Evidence(
        mark=mark or Mark(),
        references=tuple(ids),
        thread=_tracker_key([bare(mail.message_id), *ids]),
        number=next(iter(reference.find_all(mail.subject)), ""),
    )


def facts_of(mail: ParsedMail) -> dict[str, str]:
    """What a report says, as it travels with the message until it is filed."""
    if mail.bounce is None:
        return {}
    report = mail.bounce
    return {
        "bounce": "1",
        "failed_recipient": report.recipient.lower()[:254],
        "failed_status": report.status,
        "failed_action": report.action,
        "diagnostic": report.diagnostic,
        "original_id": bare(report.original_message_id),
    }


def _nearest_first(mail: ParsedMail) -> list[str]:
    """In-Reply-To, then References from the right, without repeats (rules 5, 6)."""
    ids = [*mail.in_reply_to.split(), *reversed(mail.references)]
    if mail.bounce and mail.bounce.original_message_id:
        ids.insert(0, mail.bounce.original_message_id)
    return list(dict.fromkeys(bare(each) for each in ids if each))[:MAX_REFERENCES]


def _tracker_key(ids: Iterable[str]) -> str:
    """Jira answers ids that no mail ever had; what they share is the issue (rule 16)."""
    found = (_TRACKER.fullmatch(each) for each in ids)
    return next((hit[1].lower() for hit in found if hit), "")


def bare(message_id: str) -> str:
    return message_id.strip().strip("<>")[:255]
