"""What happens by itself when a customer falls silent, and what storage failures cost."""

from __future__ import annotations

from datetime import timedelta
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from channels import media, receipts
from channels.models import AutomaticMail
from channels.receipts import accept
from people.models import Identity
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Attachment, Message, Status, Ticket
from tickets.operations import follow_up
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


def mail_with_picture() -> bytes:
    mail = MIMEMultipart()
    mail["From"], mail["To"] = "Ann <ann@example.org>", "support@example.com"
    mail["Subject"], mail["Message-ID"] = "Picture", "<picture@example.org>"
    mail.attach(MIMEText("See the picture."))
    picture = MIMEImage(PIXEL, "png")
    picture.add_header("Content-Disposition", "attachment", filename="../../etc/proof.png")
    mail.attach(picture)
    return mail.as_bytes()


def bounce_of(sent_id: str) -> bytes:
    """What Ann's mail server says of a mail that it cannot deliver (RFC 3464)."""
    head = """From: MAILER-DAEMON@mx.example.org
To: support@example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@mx.example.org>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

The mailbox does not exist.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ann@example.org
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

"""
    tail = f"Message-ID: {sent_id}\nSubject: Re: Kettle\n\nAn answer\n--b--\n"
    return (head + tail).replace("\n", "\r\n").encode()


def test_the_silent_customer_is_reminded_once_and_told_of_the_end(sink: Sink) -> None:
    accept(make_account(), raw_mail(Subject="充值", text="我的充值没有到账，请帮忙查询。"), {})
    work()
    ticket = Ticket.objects.get()
    reply(ticket, "请问是哪个网络？", actor=make_agent())
    work()
    now = timezone.now()
    for _ in range(3):
        follow_up.tend_pending(now + ticket.inbox.nudge_after + timedelta(minutes=1))
    work()
    far = now + ticket.inbox.nudge_after + ticket.inbox.solve_after + timedelta(hours=1)
    follow_up.tend_pending(far)
    work()
    subjects = [str(mail["Subject"]) for mail in sink.mails]
    assert len(subjects) == 4
    assert "正在等待您的回复" in subjects[2]
    assert "已解决" in subjects[3]
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED
    kinds = list(AutomaticMail.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["acknowledgement", "nudge", "solved"]


def test_an_attachment_is_stored_under_a_random_name_with_its_sniffed_type(sink: Sink) -> None:
    accept(make_account(), mail_with_picture(), {})
    work()
    file = Attachment.objects.get()
    assert (file.name, file.content_type, file.size) == ("proof.png", "image/png", len(PIXEL))
    assert "proof" not in file.key
    assert default_storage.open(file.key).read() == PIXEL


def test_a_message_does_not_wait_for_a_broken_storage(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> str:
        raise OSError("disk full")

    accept(make_account(), mail_with_picture(), {})
    with monkeypatch.context() as storage:
        storage.setattr(default_storage, "save", broken)
        work()
    file = Attachment.objects.get()
    assert file.key == ""
    assert Message.objects.count() == 1
    assert len(sink.mails) == 1, "the acknowledgement went out all the same"
    for receipt_id in media.owing():
        receipts.complete_attachments(receipt_id)
    file.refresh_from_db()
    assert default_storage.open(file.key).read() == PIXEL
    assert media.owing() == []


def test_a_bounce_of_our_reply_stops_mail_to_that_address_and_tells_the_agent(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(), {})
    work()
    message = reply(Ticket.objects.get(), "An answer", actor=make_agent())
    work()
    sent_id = str(sink.mails[1]["Message-ID"])
    bounce = bounce_of(sent_id)
    accept(account, bounce, {"mail_from": ""})
    work()
    assert Ticket.objects.count() == 1
    assert Identity.objects.get(value="ann@example.org").undeliverable_at is not None
    message.refresh_from_db()
    assert "5.1.1" in message.failure
    assert len(sink.mails) == 2, "a bounce is never answered"
