"""Delivery reports: RFC 3464 first, then what mail servers write when they follow no RFC."""

import re
from email.message import Message

from channels.mail.addresses import parse_addresses
from channels.mail.bounce_signs import looks_like_a_report, says_undelivered
from channels.mail.decode import header_text
from channels.mail.fields import raw_field
from channels.mail.headers import Headers
from channels.mail.parsed import BounceReport
from channels.mail.structure import Content

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# Amazon SES tells of bounces by a JSON document that SNS sends on as a mail.
_AMAZON_NOTICE = re.compile(
    r"\s{0,9}\{[^{}]{0,200}\"(?:notification|event)Type\"\s{0,3}:\s{0,3}\"Bounce\""
)


def bounce_of(
    headers: Headers, content: Content, subject: str, sender: tuple[str, str], report_type: str
) -> BounceReport | None:
    """The report when this mail is one about a mail that did not arrive, else None."""
    statuses = [block for kind, block in content.reports if "delivery-status" in kind]
    if statuses:
        return None if _only_successes(statuses) else _from_status(statuses, content)
    if report_type == "feedback-report":
        return None
    if report_type == "disposition-notification":
        return _from_text(headers, content) if _refused(content) else None
    if report_type == "delivery-status" or headers.get("x-failed-recipients"):
        return _from_text(headers, content)
    if _AMAZON_NOTICE.match(content.body.text):
        return _from_text(headers, content)
    told = looks_like_a_report(headers, content, subject, sender)
    return _from_text(headers, content) if told else None


def _refused(content: Content) -> bool:
    """A receipt by which a mailbox says that it threw the mail away unread (Sieve's reject)."""
    dispositions = [_field(block, "disposition").lower() for _, block in content.reports]
    thrown = any("automatic-action" in one and "deleted" in one for one in dispositions)
    return thrown and says_undelivered(content.body.text[:2000])


def _only_successes(statuses: list[Message]) -> bool:
    actions = [_field(block, "action").lower() for block in statuses]
    said = [action for action in actions if action]
    return bool(said) and all(action in ("delivered", "relayed", "expanded") for action in said)


def _from_status(statuses: list[Message], content: Content) -> BounceReport:
    """The first failed recipient of the report (rule 29)."""
    blocks = [block for block in statuses if _field(block, "final-recipient", "original-recipient")]
    failed = [block for block in blocks if _field(block, "action").lower() == "failed"]
    block = (failed or blocks or statuses)[0]
    recipient = _typed(_field(block, "original-recipient")) or _typed(
        _field(block, "final-recipient")
    )
    status = _STATUS.search(_field(block, "status"))
    return BounceReport(
        recipient=_typed(_field(block, "final-recipient")) or recipient,
        status=status[1] if status else "",
        action=_field(block, "action").lower()[:20],
        original_message_id=_original_id(content),
        diagnostic=_typed(_field(block, "diagnostic-code"))[:1000],
    )


def _from_text(headers: Headers, content: Content) -> BounceReport:
    text = content.body.text[:20_000]
    failed = parse_addresses(headers.raw("x-failed-recipients"))
    found = re.search(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", text)
    status = _STATUS.search(text)
    line = next((one.strip() for one in text.split("\n") if says_undelivered(one[:1000])), "")
    return BounceReport(
        recipient=(failed[0][1] if failed else found[0] if found else "").lower(),
        status=status[1] if status else "",
        action="failed" if not status or status[1].startswith("5") else "delayed",
        original_message_id=_original_id(content),
        diagnostic=line[:1000],
    )


def _original_id(content: Content) -> str:
    for message in content.returned:
        found = re.search(r"<([^<>\s]{1,990})>", raw_field(message, "message-id"))
        if found:
            return header_text(found[1])
    for text in [*content.returned_text, content.body.text[:100_000]]:
        found = re.search(r"^\s{0,8}message-id:\s{0,4}<([^<>\s]{1,990})>", text, re.I | re.M)
        if found:
            return found[1]
    return ""


def _field(block: Message, *names: str) -> str:
    for name in names:
        value = raw_field(block, name)
        if value:
            return header_text(value)[:2000]
    return ""


def _typed(value: str) -> str:
    """The value behind its type: `rfc822; ann@example.com`."""
    kind, mark, rest = value.partition(";")
    return (rest if mark and len(kind) < 30 else value).strip().strip("<>")
