"""From a fetched mail to the receipt that is stored: raw, with what its header fields tell."""

from __future__ import annotations

import email
from typing import Any

from django.utils import timezone

from channels.mail.headers import Headers, sender, subject_of
from channels.mailboxes.folder import HEAD, Facts
from channels.models import Account, FetchState, Receipt

#: Who a mail was truly for, as the servers on its way noted it (rule 2).
_ENVELOPE = (
    *("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to"),
    "x-gm-original-to",
)


def provider_key(state: FetchState, uid: int) -> str:
    return f"imap:{state.place}:{state.uid_validity}:{uid}"


def whole(account: Account, state: FetchState, uid: int, body: bytes) -> Receipt:
    """A mail to be understood like any other."""
    meta = {**_facts(_headers(body)), "door": "imap", "uid": uid, "size": len(body)}
    return Receipt(account=account, body=body, meta=meta, provider_key=provider_key(state, uid))


def cut(
    account: Account, state: FetchState, uid: int, head: bytes, facts: Facts, why: str
) -> Receipt:
    """A mail of which only the head is stored: it waits for somebody, and stays on the server."""
    headers = _headers(head)
    is_large = why == Receipt.Cause.TOO_LARGE
    return Receipt(
        account=account,
        body=head,
        meta={**_facts(headers), "door": "imap", "uid": uid, "size": facts.size, "is_cut": True},
        provider_key=provider_key(state, uid),
        status=Receipt.Status.SUSPENDED,
        cause=why,
        sender=sender(headers)[1][:254],
        subject=subject_of(headers)[:255],
        error=f"{facts.size} bytes" if is_large else "the mail server does not give its content",
        processed_at=timezone.now(),
    )


def _headers(raw: bytes) -> Headers:
    blank = raw.find(b"\r\n\r\n", 0, HEAD)
    return Headers(email.message_from_bytes(raw[: blank if blank >= 0 else HEAD]))


def _facts(headers: Headers) -> dict[str, Any]:
    """The envelope as far as servers wrote it down, and the Message-ID."""
    recipients = [address.lower() for _, address in headers.addresses(*_ENVELOPE) if "@" in address]
    senders = [address for _, address in headers.addresses("return-path") if "@" in address]
    ids = headers.ids("message-id")
    return {
        "rcpt_tos": list(dict.fromkeys(recipients)),
        "mail_from": senders[0][:254] if senders else "",
        "message_id": ids[0][:255] if ids else "",
    }
