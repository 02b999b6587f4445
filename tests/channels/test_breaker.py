"""The breaker in front of automatic mail: budgets, what is held, and what becomes of it."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from channels import automatic, breaker, receipts
from channels.models import Account, AutomaticMail, Breaker, Delivery
from people.models import Identity
from people.operations import Address
from support import outbox
from support.models import Event
from tests.factories import make_account, make_agent, make_ticket, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)
HELD, QUEUED, SUPPRESSED = "held", "queued", "suppressed"


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("status", flat=True))


def mail_from(count: int, account: Account) -> None:
    """First mails, each of another sender."""
    for n in range(count):
        raw = raw_mail(From=f"c{n}@example.org", Message_ID=f"<c{n}@example.org>")
        receipts.accept(account, raw, {})


def filed_and_decided() -> None:
    while receipts.file_batch() or outbox.drain_batch():
        pass


def test_above_the_budget_mail_is_held_and_told_once() -> None:
    account = make_account(automatic_per_minute=4)
    mail_from(10, account)
    filed_and_decided()
    assert statuses() == [QUEUED] * 4 + [HELD] * 6
    assert AutomaticMail.objects.filter(suppressed_by="").count() == 10
    opened = Breaker.objects.get()
    assert (opened.account, opened.recipient) == (account, "")
    [told] = Event.objects.filter(kind="breaker.opened")
    assert told.payload["account_id"] == account.pk


def test_held_mail_does_not_leave_and_an_agents_reply_does(sink: Sink) -> None:
    account = make_account(automatic_per_minute=1)
    mail_from(3, account)
    work()
    assert len(sink.mails) == 1
    ticket = Ticket.objects.latest("pk")
    reply(ticket, "Here you are", actor=make_agent())
    Delivery.objects.filter(message=None).update(due_at=timezone.now())
    work()
    Delivery.objects.exclude(message=None).update(due_at=timezone.now())
    work()
    assert len(sink.mails) == 2
    assert "Here you are" in sink.mails[1].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_what_is_held_leaves_in_order_and_within_the_budget() -> None:
    account = make_account(automatic_per_minute=6)
    mail_from(12, account)
    filed_and_decided()
    before = list(Delivery.objects.filter(status=HELD).order_by("pk"))
    agent = make_agent()
    assert breaker.resume(Breaker.objects.get().pk, actor=agent) == len(before) == 6
    after = list(Delivery.objects.filter(pk__in=[d.pk for d in before]).order_by("due_at"))
    assert [d.pk for d in after] == [d.pk for d in before]
    spans = {later.due_at - earlier.due_at for earlier, later in itertools.pairwise(after)}
    assert spans == {timedelta(seconds=20)}, "half of six a minute; the rest is for new ones"
    assert not Breaker.objects.exists()
    [decided] = Event.objects.filter(kind="breaker.decided")
    assert (decided.actor, decided.payload["held"]) == (agent, 6)


def test_what_is_discarded_says_so_in_the_log() -> None:
    account = make_account(automatic_per_minute=1)
    mail_from(3, account)
    filed_and_decided()
    assert breaker.discard(Breaker.objects.get().pk, actor=None) == 2
    assert statuses() == [QUEUED, SUPPRESSED, SUPPRESSED]
    assert AutomaticMail.objects.filter(suppressed_by="breaker").count() == 2


def test_only_one_of_two_decisions_counts() -> None:
    make_account(automatic_per_minute=1)
    mail_from(2, Account.objects.get())
    filed_and_decided()
    pk = Breaker.objects.get().pk
    breaker.resume(pk, actor=None)
    with pytest.raises(breaker.NotOpen):
        breaker.discard(pk, actor=None)
    assert SUPPRESSED not in statuses()


def test_a_recipient_has_a_budget_of_their_own() -> None:
    account = make_account()
    ticket = make_ticket(account.inbox)
    outbox.drain_batch()
    for n in range(5):
        automatic.send_access_code(ticket, "ann@example.org", code="1", link="x", language="en")
        automatic.send_access_code(ticket, f"b{n}@example.org", code="1", link="x", language="en")
    to_ann = Delivery.objects.filter(to="ann@example.org").order_by("pk")
    assert [d.status for d in to_ann] == [QUEUED] * 3 + [HELD] * 3
    assert set(statuses()) == {QUEUED, HELD}
    assert not Delivery.objects.filter(status=HELD).exclude(to="ann@example.org").exists()
    assert Breaker.objects.get().recipient == "ann@example.org"


def test_a_code_that_nobody_can_use_any_more_is_not_sent() -> None:
    account = make_account(automatic_per_minute=0)
    ticket = make_ticket(account.inbox)
    automatic.send_access_code(ticket, "ann@example.org", code="1", link="x", language="en")
    old = timezone.now() - breaker.CODE_LIVES - timedelta(seconds=1)
    Delivery.objects.update(created_at=old)
    assert breaker.resume(Breaker.objects.get().pk, actor=None) == 0
    assert AutomaticMail.objects.get(kind="access_code").suppressed_by == "breaker"


def test_what_another_breaker_holds_stays_held() -> None:
    account = make_account(automatic_per_minute=2)
    mail_from(4, account)
    filed_and_decided()
    held = Delivery.objects.filter(status=HELD).order_by("pk")
    Breaker.objects.create(account=account, recipient=held[0].to, reason="x")
    assert breaker.resume(Breaker.objects.get(recipient="").pk, actor=None) == 1
    assert Delivery.objects.get(status=HELD).to == "c2@example.org"


def test_other_mailboxes_are_not_concerned() -> None:
    tight, free = make_account(automatic_per_minute=1), make_account(address="b@example.com")
    mail_from(3, tight)
    receipts.accept(free, raw_mail(From="zoe@example.org"), {})
    filed_and_decided()
    assert Delivery.objects.get(to="zoe@example.org").status == QUEUED
    assert Delivery.objects.filter(status=HELD).count() == 2


def test_eight_workers_at_once_never_spend_more_than_the_budget() -> None:
    account = make_account(automatic_per_minute=10)
    tickets = [
        make_ticket(account.inbox, sender=Address.email(f"c{n}@example.org")) for n in range(40)
    ]
    AutomaticMail.objects.all().delete()
    barrier, errors = threading.Barrier(8), list[str]()

    def go(number: int) -> None:
        try:
            barrier.wait()
            for ticket in tickets[number::8]:
                notice = automatic.Notice(ticket=ticket, kind="nudge", occasion="x")
                with outbox.transaction.atomic():
                    automatic.decide([notice])
        except Exception as error:
            errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[:2]
    assert sorted(set(statuses())) == [HELD, QUEUED]
    assert statuses().count(QUEUED) == 10
    assert Breaker.objects.count() == 1


def test_ten_thousand_requests_for_one_address_are_one_acknowledgement(sink: Sink) -> None:
    """Ack bombing, in small: as many tickets as you like, one mail a day to an address."""
    account = make_account()
    for n in range(60):
        raw = raw_mail(Message_ID=f"<b{n}@example.org>", Subject=f"Number {n}", text=f"Bomb {n}")
        receipts.accept(account, raw, {})
    work()
    assert len(sink.mails) == 1
    assert "Bomb" not in sink.mails[0].as_string()
    assert Identity.objects.get().verified_at is None


def test_a_robot_that_answers_every_mail_tires_of_us(sink: Sink) -> None:
    """It bears no mark of a machine, quotes nothing, and its address is proved."""
    account = make_account()
    make_ticket(account.inbox, sender=Address.email("robot@example.org"))
    Identity.objects.update(verified_at=timezone.now())
    work()
    answered = 0
    while answered < len(sink.mails) < 50:
        for mail in sink.mails[answered:]:
            subject = " ".join(str(mail["Subject"]).split("–")[0].split())
            raw = raw_mail(From="robot@example.org", Subject=f"Re: {subject}", text="Thank you!")
            receipts.accept(account, raw, {})
        answered = len(sink.mails)
        work()
    assert len(sink.mails) <= 3


def test_a_mail_to_an_agent_is_not_counted_against_customers() -> None:
    account = make_account(automatic_per_minute=1)
    Delivery.objects.create(account=account, to="mei@example.com", external_id="<n>", payload={})
    mail_from(1, account)
    filed_and_decided()
    assert not Breaker.objects.exists()
