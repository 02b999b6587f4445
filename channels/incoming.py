"""From a raw mail to the message that is filed: who wrote it, and what it answers."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.base import RawCall, Suspicious, Unreadable
from channels.border import vouches_for
from channels.mail.fingerprint import fingerprint
from channels.mail.flow import never_answer
from channels.mail.parsed import MailAttachment, ParsedMail
from channels.mail.parsed import Unreadable as Hostile
from channels.sandbox import understand
from channels.suspicion import doubt_about
from channels.threads import base_address, ticket_of_address, ticket_of_message_id
from people.operations import Address
from support import language
from support.html import html_to_text
from support.secrets_guard import redact
from tickets import files, reference
from tickets.inbound import InboundFile, InboundMessage

#: How many earlier Message-IDs are looked up, nearest first.
MAX_REFERENCES = 5
LOOP_HEADER = "X-Harbour-Loop"


def inbound_of(call: RawCall) -> InboundMessage:
    """Understand one raw mail. Raises ``Unreadable`` or ``Suspicious``.

    One that an operator released (``released`` in the call's meta) is not suspicious.
    """
    try:
        mail = understand(call.body)
    except Hostile as error:
        raise Unreadable(error.reason) from error
    sender = _sender(mail, call)
    recipients = [*call.meta.get("rcpt_tos", []), *mail.recipients]
    ids = _nearest_first(mail)
    proved = ticket_of_address(recipients) or _proved_by_id(mail, ids)
    doubt = doubt_about(mail, call, is_proved=proved is not None)
    if doubt is not None and not call.meta.get("released"):
        raise Suspicious(*doubt, sender=sender.value, subject=redact(mail.subject)[0])
    is_loop = doubt is not None and doubt[0] == "loop"  # its id may be one of our own
    text, _ = redact(mail.reply_text if _continues(mail, proved) else mail.text)
    quoted, _ = redact(mail.quoted_text if _continues(mail, proved) else "")
    subject, _ = redact(mail.subject)
    return InboundMessage(
        external_id=f"released-{call.receipt_id}" if is_loop else _bare(mail.message_id),
        sender=sender,
        text=text,
        quoted=quoted,
        html=_without_secrets(mail.html),
        subject=subject,
        sent_at=mail.date or datetime.now(UTC),
        ticket_id=proved,
        references=tuple(ids),
        subject_reference=_number_in(mail.subject),
        language=language.supported(language.detect(f"{subject}\n{text}")),
        fingerprint=fingerprint(mail),
        is_verified=vouches_for(mail, sender.value),
        is_automatic=mail.is_auto or mail.is_bounce,
        is_imported=bool(call.meta.get("import")),
        never_acknowledge="loop" if is_loop else _forbidden(mail, sender),
        files=tuple(_file(n, part) for n, part in enumerate(mail.attachments)),
        participants=_participants(mail, call, sender),
        receipt_id=call.receipt_id,
        meta=_bounce_facts(mail),
    )


def _without_secrets(html: str) -> str:
    """Tags may part a phrase, so HTML that holds one gives way to the redacted text."""
    return "" if html and redact(html_to_text(html))[1] else html


def _sender(mail: ParsedMail, call: RawCall) -> Address:
    """From is the sender; others only when it holds no address (rule 54)."""
    answers_to = [address for _, address in mail.reply_to]
    candidates = [mail.from_email, *answers_to, str(call.meta.get("mail_from") or "")]
    for candidate in candidates:
        if "@" in candidate:
            return Address.email(candidate, mail.from_name)
    raise Unreadable("no sender: neither From, Reply-To nor the envelope names an address")


def _nearest_first(mail: ParsedMail) -> list[str]:
    """In-Reply-To, then References from the right, without repeats (rules 5, 6)."""
    ids = [*mail.in_reply_to.split(), *reversed(mail.references)]
    if mail.bounce and mail.bounce.original_message_id:
        ids.insert(0, mail.bounce.original_message_id)
    return list(dict.fromkeys(_bare(each) for each in ids if each))[:MAX_REFERENCES]


def _proved_by_id(mail: ParsedMail, ids: list[str]) -> int | None:
    return next((ticket for each in ids if (ticket := ticket_of_message_id(each))), None)


def _continues(mail: ParsedMail, proved: int | None) -> bool:
    """Quotes are folded in answers only: a first mail or a forward is shown whole."""
    return bool(proved or mail.in_reply_to or mail.references)


def _number_in(subject: str) -> str:
    return next(iter(reference.find_all(subject)), "")


def _forbidden(mail: ParsedMail, sender: Address) -> str:
    if mail.is_bounce:
        return "bounce"
    if mail.suppress_autoreply:
        return mail.auto_reason or "automatic"
    return "never-answered-address" if never_answer(sender.value) else ""


def _file(number: int, part: MailAttachment) -> InboundFile:
    try:
        key = files.keep(part.content)
    except OSError:  # the message must not wait for its files: the sweep completes them
        key = ""
    return files.describe(
        part.name,
        part.content,
        key=key,
        content_id=part.content_id,
        is_inline=part.inline,
        part=number,
    )


def _participants(mail: ParsedMail, call: RawCall, sender: Address) -> tuple[Address, ...]:
    """Those in To and Cc besides the sender and our own mailboxes (rule 73)."""
    own = {*call.meta.get("own_addresses", []), sender.value}
    people = [Address.email(address, name) for name, address in [*mail.to, *mail.cc]]
    return tuple(p for p in people if "@" in p.value and base_address(p.value) not in own)


def _bounce_facts(mail: ParsedMail) -> dict[str, str]:
    if mail.bounce is None:
        return {}
    return {
        "failed_recipient": mail.bounce.recipient or "",
        "failed_status": mail.bounce.status or "",
        "original_id": _bare(mail.bounce.original_message_id or ""),
    }


def _bare(message_id: str) -> str:
    return message_id.strip().strip("<>")[:255]
