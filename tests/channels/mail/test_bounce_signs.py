"""Reports of mail servers that follow no RFC, and the people whose mails look a little like them."""

import time

import pytest

from channels.mail.bounce_signs import says_undelivered
from channels.mime import parse_mail
from tests.channels.mail.letters import letter, raw

DAEMON = "MAILER-DAEMON@mx.example.net"
RETURNED = (
    "\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <t1@example.org>\nSubject: x\n\nold\n"
)


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        # A name, but no address at all.
        ('"Example Mail System" <>', "Mail Error", "Your mail cannot be delivered to ann@example.com\n\n---- Header of the source mail attached ----\nReceived: by x"),
        ("Big_SMTP_Service@example.net", "Returned Mail - Error During Delivery", "------ Failed Recipients ------\n\n<ann@example.com>: mailbox unavailable. [SMTP Error Code 550]"),
        (DAEMON, "Processing Error", "Intended recipient: ann@example.com\n\nThe following mail has been returned because of an error."),
        (DAEMON, "mail failed, returning to sender", "|---- Message log follows: ----|\n no valid recipients"),
        (DAEMON, "邮件传输失败！", "example.com\n<ann@example.com>:"),
        ("Mail Server <MAILER-DAEMON@example.com>", "Your message to ann@example.com could not be delivered.", "this address is wrong or no longer valid."),
        ("AntiVirus_for_SMTP_Gateways@example.com", "Delivery failure notification", "Your message with Subject: Re: lamps\ncould not be delivered to the following recipients:\n\nann@example.com"),
        ('"System Administrator" <admin@example.com>', "Delivery Failure", "Could not deliver message to the following recipient(s):\n\nFailed Recipient: ann@example.com\nReason: Remote host said: 550 unknown user\n\n   -- The header and top 20 lines of the message follows --"),
        ("mail.gateway@example.com", "RE: Your order : non remis (delivery failed)", "Votre message n'a pas pu etre delivre a\nann@example.com"),
        ("sysadmin@pix.example.com", "Undeliverable Message", "Message could not be delivered to mobile.\nError: No valid recipients for this MM\nTo: 0000000000@pix.example.com"),
        ('"Mail Deliver System" <x@example.com>', "Returned Mail: User unknown", "The original message was received at noon\n---The following addresses had delivery errors---\nann@example.com [User unknown]"),
        (DAEMON, "メール配信に失敗しました", "<ann@example.com> 配信できませんでした"),
    ],
)  # fmt: skip
def test_each_of_these_is_a_bounce(sender: str, subject: str, text: str) -> None:
    mail = parse_mail(_raw(sender, subject, text))
    assert mail.is_bounce
    assert mail.suppress_autoreply


def _raw(sender: str, subject: str, text: str) -> bytes:
    head = f"From: {sender}\nTo: support@example.org\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8"
    return raw(head, text)


def test_a_mailer_daemon_that_only_sends_the_mail_back_says_enough() -> None:
    head = f"From: {DAEMON}\nSubject: Mail\nContent-Type: multipart/mixed; boundary=b"
    bounce = parse_mail(raw(head, f"--b\n\n<ann@example.com>:\n{RETURNED}--b--\n")).bounce
    assert bounce is not None
    assert bounce.original_message_id == "t1@example.org"


@pytest.mark.parametrize(
    ("subject", "is_bounce"),
    [("Automatically rejected mail", True), ("Not read: Your order", False)],
)
def test_a_mailbox_that_refuses_a_mail_by_a_receipt_bounces_it(
    subject: str, *, is_bounce: bool
) -> None:
    words = "was automatically rejected:\nQuota exceeded" if is_bounce else "was deleted unread."
    head = (
        f"From: ann@example.com\nSubject: {subject}\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b"
    )
    body = (
        f"--b\n\nYour message to <ann@example.com> {words}\n"
        "--b\nContent-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822; ann@example.com\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n\n--b--\n"
    )
    mail = parse_mail(raw(head, body))
    assert (mail.is_bounce, mail.suppress_autoreply) == (is_bounce, True)


def test_a_bounce_told_as_json_is_one_and_talk_about_it_is_none() -> None:
    notice = '{"notificationType":"Bounce","bounce":{"recipient":"ann@example.com"}}'
    assert parse_mail(letter(notice)).is_bounce
    assert not parse_mail(letter(f"Your hook sends this, why?\n{notice}")).is_bounce


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("ann@example.com", "Undeliverable: Order 17", "Hi, every mail I send you comes back like this. What is wrong?"),
        ("ann@example.com", "Delivery failed", "Hello, the parcel could not be delivered to our address 12 High Street."),
        ("parcels@example.com", "Delivery failure: parcel 17", "We could not deliver your parcel. Nobody was at home."),
        ("ann@example.com", "Mail not delivered", "Good morning, my mail to bob@example.com was not delivered. Can you check your server?"),
        ("ann@example.com", "Zustellung meines Pakets", "Guten Tag, das Paket wurde nicht zugestellt."),
        ("ann@example.com", "退信问题", "你好，我的邮箱收到退信，请帮忙看看。"),
        ("admin@example.com", "Mail server down", "Your mail server says 550 5.1.1 to us since noon."),
        ("it-admin@example.com", "New gateway", "We have a new gateway. user unknown errors may come."),
    ],
)  # fmt: skip
def test_people_are_not_taken_for_machines(sender: str, subject: str, text: str) -> None:
    mail = parse_mail(_raw(sender, subject, text))
    assert not mail.is_bounce
    assert not mail.suppress_autoreply


@pytest.mark.parametrize(
    "piece", ["mail ", "your mail ", "user ", "message to ", "5.1.1 550 ", "e"]
)
def test_looking_for_a_reports_words_takes_no_time(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    began = time.process_time()
    says_undelivered(text)
    assert time.process_time() - began < 0.3
