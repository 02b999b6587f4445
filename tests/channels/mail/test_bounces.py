"""Mails about mails that did not arrive."""

import pytest

from channels.mail.parsed import BounceReport
from channels.mime import parse_mail
from tests.channels.mail.letters import letter, raw

REPORT = """
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: support@example.org
Subject: {subject}
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
"""
STATUS = """--b\r
Content-Type: text/plain\r
\r
I could not deliver it.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.net\r
\r
Final-Recipient: rfc822; ann@example.com\r
Action: {action}\r
Status: {status}\r
Diagnostic-Code: smtp; {status} no such user\r
\r
--b\r
Content-Type: message/rfc822\r
\r
Message-ID: <t17.m3@example.org>\r
From: support@example.org\r
Subject: Your order\r
\r
returned words\r
--b--\r
"""


def report(
    action: str = "failed", status: str = "5.1.1", subject: str = "Undelivered Mail"
) -> bytes:
    return raw(REPORT.format(subject=subject), STATUS.format(action=action, status=status))


def test_a_delivery_report_is_read() -> None:
    mail = parse_mail(report())
    assert mail.bounce == BounceReport(
        recipient="ann@example.com",
        status="5.1.1",
        action="failed",
        original_message_id="t17.m3@example.org",
        diagnostic="5.1.1 no such user",
    )
    assert (mail.is_bounce, mail.is_auto, mail.suppress_autoreply, mail.auto_reason) == (
        True,
        True,
        True,
        "bounce",
    )


def test_what_is_sent_back_is_folded() -> None:
    mail = parse_mail(report())
    assert "returned words" in mail.quoted_text
    assert mail.reply_text == "I could not deliver it."


def test_a_delay_says_that_it_is_one() -> None:
    bounce = parse_mail(report("delayed", "4.4.1")).bounce
    assert bounce is not None
    assert (bounce.action, bounce.status) == ("delayed", "4.4.1")


def test_a_notice_of_success_is_no_bounce() -> None:
    mail = parse_mail(report("delivered", "2.0.0", "Successful Mail Delivery Report"))
    assert not mail.is_bounce
    assert mail.suppress_autoreply


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("MAILER-DAEMON@mx.example.net", "failure notice", "Hi. I'm sorry to have to inform you that it failed.\n<ann@example.com>:\nuser unknown"),
        ("postmaster@example.com", "Undeliverable: Your order", "Your message did not reach ann@example.com"),
        ("Mail Delivery Subsystem <mailer-daemon@example.com>", "Warning: could not send message for past 4 hours", "transcript of session follows"),
        ("postmaster@qq.example", "系统退信", "无法投递 ann@example.com"),
        ("MAILER-DAEMON@mx.example.net", "Unzustellbar: Bestellung", "550 5.1.1 ann@example.com"),
    ],
)  # fmt: skip
def test_servers_that_follow_no_rfc_are_understood(sender: str, subject: str, text: str) -> None:
    mail = parse_mail(letter(text, **{"from": sender}, subject=subject))
    assert mail.is_bounce
    assert mail.bounce is not None
    assert mail.bounce.recipient in ("ann@example.com", "")


def test_the_failed_recipients_field_is_enough() -> None:
    bounce = parse_mail(letter("x", x_failed_recipients="Ann@Example.com")).bounce
    assert bounce is not None
    assert bounce.recipient == "ann@example.com"


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        (
            "ann@example.com",
            "Fwd: Undelivered Mail Returned to Sender",
            "Why do I get this? <a@example.net>: user unknown",
        ),
        (
            "ann@example.com",
            "Delivery problem with my parcel",
            "The courier says: address not found.",
        ),
        (
            "ann@example.com",
            "Your message could not be delivered???",
            "I got this from you. user unknown",
        ),
        (
            "Bounce House Rentals <sales@example.com>",
            "Hello",
            "The address does not exist any more.",
        ),
        ("ann@example.com", "delivery failed twice", "please send it again"),
    ],
)
def test_people_who_write_about_bounces_are_people(sender: str, subject: str, text: str) -> None:
    mail = parse_mail(letter(text, **{"from": sender}, subject=subject))
    assert not mail.is_bounce
    assert not mail.suppress_autoreply


def test_a_customer_who_forwards_a_report_is_no_bounce() -> None:
    head = "From: ann@example.com\nSubject: what is this\nContent-Type: multipart/mixed; boundary=o"
    body = (
        b"--o\r\n\r\nPlease look\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
        + report()
        + b"\r\n--o--\r\n"
    )
    mail = parse_mail(raw(head, body))
    assert not mail.is_bounce
    assert not mail.suppress_autoreply


@pytest.mark.parametrize("kind", ["disposition-notification", "feedback-report"])
def test_receipts_and_complaints_are_machines_mail_but_no_bounces(kind: str) -> None:
    head = f"From: ann@example.com\nSubject: Read: x\nContent-Type: multipart/report; report-type={kind}; boundary=b"
    mail = parse_mail(
        raw(
            head, f"--b\r\n\r\nread\r\n--b\r\nContent-Type: message/{kind}\r\n\r\nA: b\r\n--b--\r\n"
        )
    )
    assert (mail.is_bounce, mail.suppress_autoreply) == (False, True)
