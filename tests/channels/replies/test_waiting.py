"""Replies for later, and replies taken back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from channels import delivery, withdrawal
from channels.models import Delivery
from people.models import User
from support import outbox
from support.models import Event
from tests.channels.replies.mails import CARL, heard, opened
from tests.factories import make_agent
from tests.sink import Sink
from tests.working import work
from tickets.exceptions import TicketError
from tickets.models import Message, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 200


@pytest.fixture
def agent() -> User:
    return make_agent()


def in_an_hour() -> Any:
    return timezone.now() + timedelta(hours=1)


def let_time_pass() -> None:
    Delivery.objects.filter(status="queued").update(due_at=timezone.now())


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


@override_settings(HARBOUR_UNDO_SECONDS=10)
def test_a_reply_is_held_for_a_moment_and_can_be_taken_back(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    before = fresh(ticket)
    message = reply(ticket, "Too soon", actor=agent, status=Status.SOLVED)
    work()
    assert sink.mails == []
    assert fresh(ticket).status == Status.SOLVED
    assert withdrawal.withdraw(message, actor=agent) == "Too soon"
    let_time_pass()
    work()
    after = fresh(ticket)
    assert sink.mails == []
    assert (after.status, after.waiting_since) == (before.status, before.waiting_since)
    assert (after.solved_at, after.pending_since) == (None, None)
    assert after.preview == before.preview
    assert set(Delivery.objects.filter(message=message).values_list("status", flat=True)) == {
        "withdrawn"
    }
    assert not ticket.messages.for_customers().filter(pk=message.pk).exists()
    with pytest.raises(TicketError):
        withdrawal.withdraw(message, actor=agent)


@override_settings(HARBOUR_UNDO_SECONDS=10)
def test_it_can_be_taken_back_before_it_is_even_queued(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    message = reply(ticket, "Too soon", actor=agent)
    withdrawal.withdraw(message, actor=agent)
    work()
    let_time_pass()
    work()
    assert sink.mails == []
    assert not Delivery.objects.filter(message=message).exists()


def test_what_is_sent_cannot_be_taken_back(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    message = reply(ticket, "Gone", actor=agent)
    work()
    with pytest.raises(TicketError):
        withdrawal.withdraw(message, actor=agent)
    message.refresh_from_db()
    assert message.withdrawn_at is None
    assert fresh(ticket).status == Status.PENDING


def test_not_even_one_of_its_copies_is_sent_when_it_was_taken_back(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    message = reply(ticket, "To two", actor=agent, cc=[CARL])
    outbox.drain_batch()
    first = Delivery.objects.filter(message=message).order_by("pk")[0]
    Delivery.objects.filter(pk=first.pk).update(status="sending")
    with pytest.raises(TicketError):
        withdrawal.withdraw(message, actor=agent)
    assert Delivery.objects.filter(message=message, status="withdrawn").count() == 0


def test_a_server_that_is_away_leaves_time_to_take_it_back(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    sink.answers["ann@example.org"] = "451 4.3.0 come back later"
    message = reply(ticket, "Not yet", actor=agent)
    work()
    assert Delivery.objects.get(message=message).attempts == 1
    withdrawal.withdraw(message, actor=agent)
    sink.answers.clear()
    let_time_pass()
    work()
    assert sink.mails == []


@pytest.mark.slow
def test_either_nothing_is_sent_or_it_is_too_late(sink: Sink, agent: User) -> None:
    """A sender and somebody who takes it back, at once, again and again."""
    ticket = opened(sink)
    taken = 0
    for _ in range(ROUNDS):
        sink.mails.clear()
        message = reply(ticket, "Now or never", actor=agent, cc=[CARL])
        outbox.drain_batch()
        outcomes: list[bool] = []
        start = threading.Barrier(2)
        threads = [
            threading.Thread(target=send, args=(start,)),
            threading.Thread(target=take_back, args=(start, message, agent, outcomes)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        work()
        message.refresh_from_db()
        was_taken = outcomes == [True]
        assert len(sink.mails) == (0 if was_taken else 2), outcomes
        assert (message.withdrawn_at is not None) == was_taken
        states = set(Delivery.objects.filter(message=message).values_list("status", flat=True))
        assert states == ({"withdrawn"} if was_taken else {"sent"})
        taken += was_taken
    assert 0 < taken < ROUNDS, "both must happen, or nothing was shown"


def send(start: threading.Barrier) -> None:
    try:
        start.wait(20)
        delivery.send_batch()
    finally:
        connection.close()


def take_back(
    start: threading.Barrier, message: Message, agent: User, outcomes: list[bool]
) -> None:
    try:
        start.wait(20)
        withdrawal.withdraw(message, actor=agent)
        outcomes.append(True)
    except TicketError:
        outcomes.append(False)
    finally:
        connection.close()


def test_what_came_in_or_was_decided_meanwhile_is_kept(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    since = fresh(ticket).waiting_since
    with override_settings(HARBOUR_UNDO_SECONDS=10):
        message = reply(ticket, "Oops", actor=agent)
        heard(ticket, Subject=f"[{ticket.number}]", text="One more thing")
        withdrawal.withdraw(message, actor=agent)
        after = fresh(ticket)
        assert (after.status, after.waiting_since) == (Status.OPEN, since)
        assert after.preview == "One more thing"
        message = reply(ticket, "Oops again", actor=agent)
        lifecycle.set_status(ticket, Status.ON_HOLD, actor=agent)
        withdrawal.withdraw(message, actor=agent)
        assert fresh(ticket).status == Status.ON_HOLD
        assert fresh(ticket).waiting_since == since


@override_settings(HARBOUR_UNDO_SECONDS=10)
def test_another_answer_still_stands(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    first = reply(ticket, "One", actor=agent)
    reply(ticket, "Two", actor=agent, status=Status.SOLVED)
    withdrawal.withdraw(first, actor=agent)
    after = fresh(ticket)
    assert (after.status, after.waiting_since, after.preview) == (Status.SOLVED, None, "Two")


def test_a_reply_for_later_leaves_the_ticket_alone_until_it_is_sent(
    sink: Sink, agent: User
) -> None:
    ticket = opened(sink)
    before = fresh(ticket)
    message = reply(ticket, "Tomorrow", actor=agent, status=Status.SOLVED, send_at=in_an_hour(),
                    cc=[CARL])  # fmt: skip
    work()
    waiting = fresh(ticket)
    assert sink.mails == []
    assert (waiting.status, waiting.waiting_since) == (before.status, before.waiting_since)
    assert not ticket.messages.for_customers().filter(pk=message.pk).exists()
    assert {d.due_at for d in message.deliveries.all()} == {message.send_at}
    let_time_pass()
    work()
    after = fresh(ticket)
    assert len(sink.mails) == 2
    assert (after.status, after.waiting_since) == (Status.SOLVED, None)
    assert ticket.messages.for_customers().filter(pk=message.pk).exists()
    kinds = list(Event.objects.filter(topic=f"ticket:{ticket.pk}").values_list("kind", flat=True))
    assert kinds.count("message.reply_added") == 1


def test_what_the_customer_wrote_meanwhile_is_not_answered_by_it(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    reply(ticket, "Tomorrow", actor=agent, status=Status.SOLVED, send_at=in_an_hour())
    message = heard(ticket, Subject=f"[{ticket.number}]", text="And another thing")
    let_time_pass()
    work()
    after = fresh(ticket)
    assert len(sink.mails) == 1, "it goes all the same"
    assert after.status != Status.SOLVED
    assert after.waiting_since == message.created_at


def test_it_gives_way_to_the_customer_when_that_was_wished(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    later = {"send_at": in_an_hour(), "unless_answered": True, "cc": [CARL]}
    message = reply(ticket, "Are you still there?", actor=agent, **later)
    heard(ticket, Subject=f"[{ticket.number}]", text="I am here")
    let_time_pass()
    work()
    message.refresh_from_db()
    assert sink.mails == []
    assert message.withdrawn_at is not None
    assert Event.objects.get(kind="message.reply_withdrawn").payload["reason"] == "answered"
    assert fresh(ticket).waiting_since is not None
    silent = opened(sink, From="Bob <bob@example.org>")
    reply(silent, "Are you still there?", actor=agent, **later)
    work()
    let_time_pass()
    work()
    assert len(sink.mails) == 2


def test_one_that_waits_can_go_at_once_or_be_taken_back(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    message = reply(ticket, "Later", actor=agent, send_at=in_an_hour())
    work()
    withdrawal.withdraw(message, actor=agent)
    assert fresh(ticket).waiting_since is not None
    message = reply(ticket, "Later", actor=agent, send_at=in_an_hour())
    work()
    assert withdrawal.send_now(message)
    work()
    assert len(sink.mails) == 1
    assert fresh(ticket).status == Status.PENDING
    assert not withdrawal.send_now(message)


def test_a_time_that_has_passed_is_refused(sink: Sink, agent: User) -> None:
    with pytest.raises(TicketError):
        reply(opened(sink), "x", actor=agent, send_at=timezone.now() - timedelta(seconds=1))


def test_one_for_later_that_cannot_be_delivered_leaves_the_ticket_to_us(
    sink: Sink, agent: User
) -> None:
    ticket = opened(sink)
    sink.answers["ann@example.org"] = "550 5.1.1 no such user"
    reply(ticket, "x", actor=agent, status=Status.SOLVED, send_at=in_an_hour())
    work()
    let_time_pass()
    work()
    after = fresh(ticket)
    assert after.status != Status.SOLVED
    assert after.waiting_since is not None
