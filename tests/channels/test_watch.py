"""Mailboxes that only watch, mail that is imported, and what happens when one goes live."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels import receipts, watch
from channels.models import Account, AutomaticMail, BlockedSender, Delivery, Receipt
from people.models import Contact, Identity
from support.models import Event
from tests.channels.arriving import in_threads, taken
from tests.factories import make_account, make_agent, make_ticket, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    return make_account(mode=Account.Mode.WATCH)


def test_watching_files_nothing_and_sends_nothing(account: Account, sink: Sink) -> None:
    for n in range(60):
        receipts.accept(account, raw_mail(From=f"c{n}@example.org"), {})
    work()
    assert sink.mails == []
    assert not Ticket.objects.exists()
    assert not Contact.objects.exists()
    assert not Delivery.objects.exists()
    assert set(Receipt.objects.values_list("status", flat=True)) == {"watched"}


def test_the_plan_says_what_would_happen(account: Account) -> None:
    plan = taken(raw_mail(Subject="Kettle leaks", text="Guten Tag"), account).plan
    assert (plan["outcome"], plan["name"], plan["is_known"]) == ("opens", "Ann", False)
    assert plan["acknowledgement"] == {"to": "ann@example.org", "language": "en"}
    chinese = raw_mail(From="li@example.org", text="您好，我的充值三个小时还没有到账。")
    assert taken(chinese, account).plan["acknowledgement"]["language"] == "zh-hans"


def test_the_plan_says_which_rule_would_keep_an_answer_back(account: Account) -> None:
    assert taken(raw_mail(Precedence="bulk"), account).plan["rule"] == "precedence"
    assert "acknowledgement" in taken(raw_mail(), account).plan
    again = taken(raw_mail(Subject="Another"), account)
    assert again.plan["rule"] == "unverified-once-a-day", "as if the first had been answered"


def test_the_plan_knows_tickets_and_what_it_watched_before(account: Account) -> None:
    ticket = make_ticket(account.inbox, subject="Old one")
    known = raw_mail(Subject=f"Re: {ticket.number}")
    plan = taken(known, account).plan
    assert (plan["outcome"], plan["ticket"], plan["is_known"]) == ("continues", ticket.number, True)
    first = taken(raw_mail(From="bob@example.org", Message_ID="<w1@example.org>"), account)
    answer = raw_mail(From="bob@example.org", In_Reply_To="<w1@example.org>")
    plan = taken(answer, account).plan
    assert (plan["outcome"], plan["receipt"]) == ("continues", first.pk)
    assert ticket.messages.count() == 1


def test_the_plan_says_what_would_be_suspended(account: Account, settings: Any) -> None:
    settings.HARBOUR_SPAM_SCORE = 5.0
    receipt = taken(raw_mail(X_Spam_Flag="YES"), account)
    assert (receipt.status, receipt.plan["cause"]) == ("watched", "spam")
    assert receipt.sender == "ann@example.org"
    BlockedSender.objects.create(value="ann@example.org")
    assert taken(raw_mail(), account).plan["cause"] == "blocked"


def test_going_live_files_what_was_watched_without_an_answer(account: Account, sink: Sink) -> None:
    taken(raw_mail(), account)
    agent = make_agent()
    watch.go_live(account, file_waiting=True, actor=agent)
    work()
    assert Ticket.objects.count() == 1
    assert sink.mails == []
    assert AutomaticMail.objects.get().suppressed_by == "watched"
    told = Event.objects.get(kind="mailbox.mode_changed")
    assert (told.actor, told.payload["mode"], told.payload["files_waiting"]) == (
        agent,
        "live",
        True,
    )
    receipts.accept(account, raw_mail(From="new@example.org"), {})
    work()
    assert [str(mail["To"]) for mail in sink.mails] == ["new@example.org"]


def test_going_live_may_answer_them_too_or_leave_them(account: Account, sink: Sink) -> None:
    taken(raw_mail(), account)
    watch.go_live(account, file_waiting=True, acknowledge=True, actor=None)
    work()
    assert len(sink.mails) == 1
    watch.begin(account, actor=None)
    left = taken(raw_mail(From="bob@example.org"), account)
    watch.go_live(account, file_waiting=False, actor=None)
    work()
    left.refresh_from_db()
    assert left.status == "watched"
    assert watch.watched(account) == [left]
    watch.go_live(account, file_waiting=True, actor=None)
    work()
    assert Ticket.objects.count() == 2, "it can still be filed later"


def test_many_are_filed_in_batches_each_once(
    account: Account, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.HARBOUR_SENDER_RATE = 1
    monkeypatch.setattr(watch, "BATCH", 3)
    for n in range(10):
        receipts.accept(account, raw_mail(Subject=f"{n}"), {})
    work()
    in_threads(lambda _: watch.go_live(account, file_waiting=True, actor=None), 4)
    work()
    assert Ticket.objects.count() == 10, "what waited is not a flood"
    assert Event.objects.filter(kind="mailbox.mode_changed").count() == 1


def test_nothing_stays_watched_when_it_goes_live_meanwhile(account: Account) -> None:
    ids = [receipts.accept(account, raw_mail(From=f"r{n}@example.org"), {}).pk for n in range(30)]  # type: ignore[union-attr]
    started = threading.Event()

    def go(n: int) -> None:
        if n:
            started.wait(5)
            watch.go_live(Account.objects.get(), file_waiting=True, actor=None)
            return
        for pk in ids:
            receipts.process([pk])
            started.set()

    assert in_threads(go, 2) == []
    work()
    assert set(Receipt.objects.values_list("status", flat=True)) == {"filed"}


def test_nothing_leaves_a_mailbox_that_watches_again(sink: Sink) -> None:
    account = make_account()
    receipts.accept(account, raw_mail(), {})
    while receipts.file_batch():
        pass
    watch.begin(account, actor=None)
    work()
    assert sink.mails == []
    assert AutomaticMail.objects.get().suppressed_by == "watching"
    reply(Ticket.objects.get(), "Hello", actor=make_agent())
    work()
    Delivery.objects.update(due_at=timezone.now())
    work()
    assert sink.mails == []
    assert "only watches" in Message.objects.get(direction="outbound").failure


def imported(account: Account, raw: bytes) -> Receipt:
    return taken(raw, account, door="imap", **{"import": True})


def test_imported_mail_is_closed_and_dated_and_nobody_is_told(sink: Sink) -> None:
    account = make_account()
    receipt = imported(account, raw_mail(Date="Thu, 05 Mar 2020 10:00:00 +0000"))
    ticket = Ticket.objects.get()
    at = datetime(2020, 3, 5, 10, tzinfo=UTC)
    assert receipt.status == "filed"
    assert (ticket.status, ticket.waiting_since) == (Status.CLOSED, None)
    assert (ticket.created_at, ticket.active_at, ticket.solved_at) == (at, at, at)
    assert ticket.messages.get().created_at == at
    assert sink.mails == []
    assert AutomaticMail.objects.get().suppressed_by == "imported"
    assert not Event.objects.filter(topic__startswith="ticket:").exclude(audience=[]).exists()
    assert all(event.payload["is_imported"] for event in Event.objects.filter(kind="ticket.opened"))


def test_imported_answers_join_in_their_order(account: Account) -> None:
    imported(
        account, raw_mail(Message_ID="<i1@example.org>", Date="Thu, 05 Mar 2020 10:00:00 +0000")
    )
    later = "Fri, 06 Mar 2020 10:00:00 +0000"
    imported(account, raw_mail(In_Reply_To="<i1@example.org>", Date=later, text="Still leaks"))
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.messages.count()) == (Status.CLOSED, 2)
    assert ticket.active_at == datetime(2020, 3, 6, 10, tzinfo=UTC)
    assert ticket.preview == "Still leaks"


def test_an_imported_mail_reopens_nothing_and_bounces_harm_nobody(sink: Sink) -> None:
    account = make_account()
    ticket = make_ticket(account.inbox)
    lifecycle.set_status(ticket, Status.SOLVED, actor=None)
    first = ticket.messages.get().external_id
    imported(account, raw_mail(In_Reply_To=f"<{first}>"))
    bounce = raw_mail(
        From="MAILER-DAEMON@example.org",
        In_Reply_To=f"<{first}>",
        Content_Type='multipart/report; report-type=delivery-status; boundary="b"',
        text="\r\n".join(
            [
                *("--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; x", ""),
                *("Final-Recipient: rfc822; ann@example.org", "Action: failed"),
                *("Status: 5.1.1", "", "--b--"),
            ]
        ),
    )
    imported(account, bounce)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.messages.count()) == (Status.SOLVED, 3)
    assert Identity.objects.get(value="ann@example.org").undeliverable_at is None


def test_imported_mail_of_one_sender_is_not_a_flood(settings: Any) -> None:
    settings.HARBOUR_SENDER_RATE = 2
    account = make_account()
    for n in range(5):
        imported(account, raw_mail(Subject=f"{n}"))
    assert Ticket.objects.filter(status=Status.CLOSED).count() == 5
    assert taken(raw_mail(), account).status == "filed"


def test_a_date_that_cannot_be_true_is_cut_to_now() -> None:
    imported(make_account(), raw_mail(Date="Thu, 05 Mar 2099 10:00:00 +0000"))
    assert Ticket.objects.get().created_at <= timezone.now() + timedelta(seconds=1)
    assert connection.is_usable()
