"""Delivery reports (RFC 3464) as other servers send them."""

from __future__ import annotations

from itertools import count

_numbers = count(1)
_REPORT = """\
From: {sender}
To: {to}
Return-Path: <>
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{number}@mx.example.net>
Date: Mon, 02 Mar 2026 12:05:00 +0000
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail to {recipient} could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b
Content-Type: text/rfc822-headers

{returned}From: support@example.com
To: {recipient}
Subject: Re: Kettle leaks

--b--
"""


def report(
    *,
    to: str = "support@example.com",
    recipient: str = "ann@example.org",
    status: str = "5.1.1",
    action: str = "failed",
    said: str = "550 5.1.1 no such user",
    original_id: str = "",
    sender: str = "Mail Delivery System <mailer-daemon@mx.example.net>",
) -> bytes:
    """A report on the mail ``original_id``, returned to ``to``."""
    text = _REPORT.format(
        to=to,
        recipient=recipient,
        status=status,
        action=action,
        said=said,
        sender=sender,
        number=next(_numbers),
        returned=f"Message-ID: {original_id}\n" if original_id else "",
    )
    return text.replace("\n", "\r\n").encode()
