"""Stories told through the mail path: in by a receipt, out by real SMTP."""

from __future__ import annotations

import pytest
from django.test import override_settings

from channels.models import AutomaticMail, Delivery, Receipt
from channels.receipts import accept
from people.models import Identity
from support.models import OutboxEntry
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Status, Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_mail_is_acknowledged_with_its_number_answered_and_continued(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(Message_ID="<first@example.org>"), {"mail_from": "ann@example.org"})
    work()

    ticket = Ticket.objects.get()
    [acknowledgement] = sink.mails
    assert ticket.number in str(acknowledgement["Subject"])
    assert acknowledgement["Auto-Submitted"] == "auto-replied"
    assert acknowledgement["In-Reply-To"] == "<first@example.org>"
    assert sink.envelopes[0].mail_from in ("", "<>")
    assert "kettle" not in acknowledgement.get_content().lower(), "her address is unproved"

    reply(ticket, "Have you tried a new gasket?", actor=make_agent())
    work()
    answer = sink.mails[1]
    assert answer["Auto-Submitted"] is None
    assert answer["In-Reply-To"] == "<first@example.org>"
    assert "gasket" in answer.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    ticket.refresh_from_db()
    assert ticket.status == Status.PENDING

    back = raw_mail(To=str(answer["Reply-To"]), Subject="Re: Kettle", text="That worked.")
    accept(account, back, {})
    work()
    ticket.refresh_from_db()
    assert Ticket.objects.count() == 1
    assert ticket.status == Status.OPEN
    assert ticket.messages.count() == 3
    assert len(sink.mails) == 2, "only a new ticket is acknowledged"
    assert not OutboxEntry.objects.exists()
    assert {receipt.status for receipt in Receipt.objects.all()} == {Receipt.Status.FILED}


def test_an_answer_is_threaded_by_message_id_alone(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(), {})
    work()
    known = str(sink.mails[0]["Message-ID"])
    accept(account, raw_mail(In_Reply_To=known, text="One more thing."), {})
    work()
    assert Ticket.objects.get().messages.count() == 2


def test_a_number_in_the_subject_counts_only_from_a_participant(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(), {})
    work()
    ticket = Ticket.objects.get()
    stranger = raw_mail(From="Eve <eve@example.net>", Subject=f"Re: [{ticket.number}]")
    accept(account, stranger, {})
    accept(account, raw_mail(Subject=f"About {ticket.number}"), {})
    work()
    assert Ticket.objects.count() == 2
    assert ticket.messages.count() == 2


def test_a_stranger_with_the_right_reference_is_shown_as_one(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(Message_ID="<first@example.org>"), {})
    accept(account, raw_mail(From="Eve <eve@example.net>", In_Reply_To="<first@example.org>"), {})
    work()
    ticket = Ticket.objects.get()
    strange = ticket.messages.order_by("pk").last()
    assert strange is not None
    assert strange.author == Message.Author.STRANGER
    assert ticket.requester.identities.get().value == "ann@example.org"


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ({"Auto-Submitted": "auto-replied"}, "auto-submitted"),
        ({"Precedence": "bulk"}, ""),
        ({"List-Unsubscribe": "<mailto:x@example.org>"}, ""),
        ({"From": "MAILER-DAEMON@example.org", "Return-Path": "<>"}, ""),
        ({"From": "no-reply@example.org"}, ""),
    ],
)
def test_automatic_mail_is_filed_and_never_acknowledged(
    sink: Sink, headers: dict[str, str], rule: str
) -> None:
    accept(make_account(), raw_mail(**headers), {})
    work()
    assert sink.mails == []
    log = AutomaticMail.objects.get()
    assert log.ticket == Ticket.objects.get()
    assert log.suppressed_by
    assert rule in log.suppressed_by


def test_our_own_mail_coming_back_opens_nothing(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(), {})
    work()
    accept(account, sink.mails[0].as_bytes(), {})
    accept(account, raw_mail(From="support@example.com"), {})
    work()
    assert Ticket.objects.count() == 1
    held = Receipt.objects.filter(status=Receipt.Status.SUSPENDED)
    assert [receipt.cause for receipt in held] == ["loop", "loop"]


def test_an_unverified_address_gets_one_acknowledgement_a_day(sink: Sink) -> None:
    account = make_account()
    for _ in range(3):
        accept(account, raw_mail(), {})
    work()
    assert Ticket.objects.count() == 3
    assert len(sink.mails) == 1
    suppressed = AutomaticMail.objects.exclude(suppressed_by="")
    assert {mail.suppressed_by for mail in suppressed} == {"unverified-once-a-day"}


@override_settings(HARBOUR_AUTHSERV_ID="mx.example.com")
def test_a_sender_whose_dmarc_passed_at_our_border_is_verified_and_greeted(sink: Sink) -> None:
    account = make_account()
    passed = "mx.example.com; dmarc=pass header.from=example.org"
    accept(account, raw_mail(Authentication_Results=passed), {})
    work()
    assert Identity.objects.get().verified_at is not None
    assert "Hello Ann" in sink.mails[0].get_content()


@override_settings(HARBOUR_AUTHSERV_ID="mx.example.com")
@pytest.mark.parametrize(
    "verdict",
    ["evil.example; dmarc=pass", "mx.example.com; dmarc=none", "mx.example.com.evil; dmarc=pass"],
)
def test_nobody_elses_word_makes_a_sender_verified(sink: Sink, verdict: str) -> None:
    accept(make_account(), raw_mail(Authentication_Results=verdict), {})
    work()
    assert Identity.objects.get().verified_at is None


def test_the_same_mail_five_times_is_one_ticket_and_one_acknowledgement(sink: Sink) -> None:
    account, raw = make_account(), raw_mail()
    for _ in range(5):
        accept(account, raw, {})
    work()
    assert Ticket.objects.count() == 1
    assert len(sink.mails) == 1
    assert Receipt.objects.filter(status=Receipt.Status.DUPLICATE).count() == 4


def test_a_mail_that_cannot_be_read_holds_up_nobody(sink: Sink) -> None:
    account = make_account()
    accept(account, b"\r\n\r\nnobody wrote this", {})
    accept(account, raw_mail(), {})
    work()
    assert Ticket.objects.count() == 1
    [sealed] = Receipt.objects.filter(status=Receipt.Status.SUSPENDED)
    assert sealed.cause == Receipt.Cause.UNREADABLE
    assert "no sender" in sealed.error


def test_a_refused_acknowledgement_is_logged_and_not_repeated(sink: Sink) -> None:
    sink.answers["ann@example.org"] = "550 5.1.1 no such user"
    accept(make_account(), raw_mail(), {})
    work()
    delivery = Delivery.objects.get()
    assert delivery.status == Delivery.Status.FAILED
    assert "5.1.1" in delivery.error


def test_chinese_is_answered_in_chinese(sink: Sink) -> None:
    accept(make_account(), raw_mail(Subject="", text="您好，我的充值三个小时还没有到账。"), {})
    work()
    assert "我们已收到您的工单" in sink.mails[0].get_content()
