"""Raw mail to meaning: `parse_mail` for the product, `describe` for anyone who wants a dict."""

import email
import re
from email.message import Message
from typing import Any

from channels.mail.body import looks_forwarded, split_body
from channels.mail.bounces import bounce_of
from channels.mail.fields import raw_field, raw_payload
from channels.mail.flow import Automation, automation_of
from channels.mail.headers import (
    SPAM_HEADERS,
    Headers,
    clean_subject,
    date_of,
    from_addresses,
    is_forward,
    message_id,
    sender,
    subject_of,
)
from channels.mail.lift import lift
from channels.mail.limits import BLANK_LINE, tame
from channels.mail.parameters import parameters
from channels.mail.parsed import (
    Address,
    BounceReport,
    MailAttachment,
    ParsedMail,
    Unreadable,
)
from channels.mail.structure import Content, read_content

__all__ = [
    "Address",
    "BounceReport",
    "MailAttachment",
    "ParsedMail",
    "Unreadable",
    "describe",
    "headers_only",
    "parse_mail",
]


def parse_mail(raw: bytes) -> ParsedMail:
    """Understand one raw mail; raises Unreadable when it is too hostile to be opened at all."""
    lean, lifted = lift(raw)
    tamed, _, defects = tame(lean)
    try:
        message = email.message_from_bytes(tamed.lstrip(b"\r\n\t \xef\xbb\xbf"))
        hint = _charset_hint(message)
        content = read_content(message, hint, lifted)
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    return _assemble(raw, Headers(message, hint), message, content, defects)


def _charset_hint(message: Message) -> str:
    """The charset of the first part that names one: unlabelled bytes are likely in it too."""
    for _ in range(4):
        charset = parameters(raw_field(message, "content-type")).get("charset", "")
        if charset and charset.lower() not in ("us-ascii", "utf-8"):
            return charset
        payload = raw_payload(message)
        if not isinstance(payload, list) or not payload or not isinstance(payload[0], Message):
            return ""
        message = payload[0]
    return ""


def _assemble(
    raw: bytes, headers: Headers, message: Message, content: Content, defects: list[str]
) -> ParsedMail:
    name, address = sender(headers)
    subject = subject_of(headers)
    own_id, has_own = message_id(headers, raw, address)
    report_type = parameters(raw_field(message, "content-type")).get("report-type", "").lower()
    bounce = bounce_of(headers, content, subject, (name, address), report_type)
    auto = _automation(headers, subject, address, bounce, report_type)
    answers = headers.ids("in-reply-to")
    references = headers.ids("references")
    is_reply = bool(answers or references) and not bounce
    forwarded = is_forward(subject) or looks_forwarded(content.body.text)
    split = split_body(content.body, forwarded=forwarded, is_reply=is_reply)
    returned = f"\n{content.returned_body}" if content.returned_body.strip() else ""
    return ParsedMail(
        from_email=address, from_name=name,
        reply_to=headers.addresses("reply-to"), sender_headers=headers.addresses("sender"),
        to=headers.addresses("to"), cc=headers.addresses("cc"), recipients=headers.recipients(),
        subject=subject, clean_subject=clean_subject(subject), message_id=own_id,
        has_own_message_id=has_own, in_reply_to=answers[0] if answers else "",
        references=tuple(references), date=date_of(headers), text=content.body.text + returned,
        reply_text=split.reply, quoted_text=split.quoted + returned, html=content.body.html,
        signature=split.signature, attachments=tuple(content.attachments), is_auto=auto.is_auto,
        is_bounce=bounce is not None, is_out_of_office=auto.is_out_of_office,
        suppress_autoreply=auto.suppress, auto_reason=auto.reason, bounce=bounce,
        auth_results=tuple(headers.all("authentication-results")),
        loop_headers=tuple(headers.all("x-loop") + headers.all("x-harbour-loop")),
        spam_headers=tuple((name, one) for name in SPAM_HEADERS for one in headers.all(name)),
        from_text=" ".join(headers.all("from"))[-2000:], froms=from_addresses(headers),
        defects=tuple(defects),
    )  # fmt: skip


def _automation(
    headers: Headers, subject: str, address: str, bounce: BounceReport | None, report_type: str
) -> Automation:
    if bounce is not None:
        return Automation("bounce", is_auto=True)
    if report_type:
        return Automation(f"report-{report_type[:40]}", is_auto=True)
    return automation_of(headers, subject, address)


def describe(raw: bytes) -> dict[str, Any]:
    """What was understood, as plain values; an unreadable mail is told by its headers alone."""
    try:
        mail = parse_mail(raw)
    except Unreadable as error:
        return {**_described(parse_mail(headers_only(raw))), "defects": [error.reason]}
    return _described(mail)


def headers_only(raw: bytes) -> bytes:
    """The header block without anything that a body could be built from: it can be read always."""
    start = raw[: 256 * 1024]
    blank = BLANK_LINE.search(start)
    head = start[: blank.start()] if blank else start
    head = re.sub(rb"(?im)^content-type:[^\n]*(?:\n[ \t][^\n]*)*", b"X-Structure: dropped", head)
    return re.sub(rb"(?im)boundary(?=\s*=)|message(?=/)|^--", b"x-", head)


def _described(mail: ParsedMail) -> dict[str, Any]:
    plain = {name: getattr(mail, name) for name in ParsedMail.__slots__}
    plain["attachments"] = [
        {"name": one.name, "content_type": one.content_type, "size": len(one.content),
         "content_id": one.content_id, "inline": one.inline}
        for one in mail.attachments
    ]  # fmt: skip
    plain["date"] = mail.date.isoformat() if mail.date else None
    report = mail.bounce
    plain["bounce"] = (
        {name: getattr(report, name) for name in BounceReport.__slots__} if report else None
    )
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}
