"""From a raw mail to the message that is filed: who wrote it, and what it answers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from channels.addressees import addressing_of
from channels.base import RawCall, Suspicious, Unreadable
from channels.border import signed, vouches_for
from channels.evidence import Evidence, bare, evidence_in, facts_of
from channels.mail.fingerprint import fingerprint
from channels.mail.flow import never_answer
from channels.mail.parsed import MailAttachment, ParsedMail
from channels.mail.parsed import Unreadable as Hostile
from channels.sandbox import understand
from channels.senders import sender_of
from channels.separators import own_words
from channels.suspicion import doubt_about
from channels.threads import Mark, base_address
from people.operations import Address
from support import language
from support.html import html_to_text
from support.secrets_guard import redact
from tickets import files
from tickets.inbound import InboundFile, InboundMessage

LOOP_HEADER = "X-Harbour-Loop"
#: Signs of machines that answer; people's mail by a list bears other ones.
_MACHINES_ANSWERS = frozenset({"precedence", "null-return-path", "x-loop", "autoresponder"})


def inbound_of(call: RawCall, *, form_relays: Collection[str] = ()) -> InboundMessage:
    """Understand one raw mail. Raises ``Unreadable`` or ``Suspicious``.

    One that an operator released (``released`` in the call's meta) is not suspicious.
    """
    mail = _understood(call)
    sender = sender_of(mail, call, form_relays=form_relays)
    evidence = evidence_in(mail, call.meta.get("rcpt_tos", []))
    mark = evidence.mark
    subject, _ = redact(mail.subject)
    is_loop = _doubt(mail, call, sender, evidence) == "loop"  # its id may be one of our own
    is_automatic = _is_automatic(mail, evidence)
    text, quoted = _text_and_quote(mail, evidence)
    return InboundMessage(
        external_id=f"released-{call.receipt_id}" if is_loop else bare(mail.message_id),
        sender=sender,
        text=text,
        quoted=quoted,
        html=_without_secrets(mail.html),
        subject=subject,
        sent_at=mail.date or datetime.now(UTC),
        thread=evidence.thread,
        ticket_id=mark.ticket_id,
        side_thread_id=mark.side_thread_id,
        agent_id=mark.agent_id if signed(mail) and not is_automatic else None,
        references=evidence.references,
        subject_reference=evidence.number,
        language=language.supported(language.detect(f"{subject}\n{text}")),
        fingerprint=fingerprint(mail),
        addressing=addressing_of(mail, sender, mark),
        is_verified=vouches_for(mail, sender.value),
        is_automatic=is_automatic,
        is_imported=bool(call.meta.get("import")),
        never_acknowledge="loop" if is_loop else _forbidden(mail, sender),
        files=tuple(_file(n, part) for n, part in enumerate(mail.attachments)),
        participants=_participants(mail, call, sender),
        receipt_id=call.receipt_id,
        meta=_facts(mail, mark),
    )


def _understood(call: RawCall) -> ParsedMail:
    try:
        return understand(call.body)
    except Hostile as error:
        raise Unreadable(error.reason) from error


def _doubt(mail: ParsedMail, call: RawCall, sender: Address, evidence: Evidence) -> str:
    """The cause for which a mail was suspended that an operator released since, or ""."""
    doubt = doubt_about(mail, call, is_proved=evidence.is_proved)
    if doubt is None:
        return ""
    if not call.meta.get("released"):
        raise Suspicious(*doubt, sender=sender.value, subject=redact(mail.subject)[0])
    return doubt[0]


def _is_automatic(mail: ParsedMail, evidence: Evidence) -> bool:
    """Whether no person wrote it. An answer may be known by less than a first mail."""
    if mail.is_auto or mail.is_bounce:
        return True
    answers = evidence.is_proved or mail.in_reply_to or mail.references
    return bool(answers) and mail.auto_reason in _MACHINES_ANSWERS


def _text_and_quote(mail: ParsedMail, evidence: Evidence) -> tuple[str, str]:
    """Quotes are folded in answers only: a first mail or a forward is shown whole."""
    if not (evidence.is_proved or mail.in_reply_to or mail.references):
        return redact(mail.text)[0], ""
    reply, quoted = own_words(mail)
    return redact(reply)[0], redact(quoted)[0]


def _without_secrets(html: str) -> str:
    """Tags may part a phrase, so HTML that holds one gives way to the redacted text."""
    return "" if html and redact(html_to_text(html))[1] else html


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


def _facts(mail: ParsedMail, mark: Mark) -> dict[str, str]:
    """What a report says, and which delivery its recipient address names."""
    about = {"delivery": str(mark.delivery_id)} if mark.delivery_id is not None else {}
    return facts_of(mail) | about
