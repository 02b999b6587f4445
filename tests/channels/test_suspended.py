"""Suspended mail: what an operator makes of it, once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from channels import receipts, suspended
from channels.models import AutomaticMail, BlockedSender, Receipt
from people.operations import Address
from support.models import Event
from tests.channels.arriving import in_threads, taken
from tests.factories import make_account, make_agent, make_ticket, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.files import open_file
from tickets.models import Message, Status, Ticket

pytestmark = pytest.mark.django_db(transaction=True)
FAIL = "mx.example.com; dmarc=fail header.from=example.org"
Cause = Receipt.Cause


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("suspended", *args, stdout=out)
    return out.getvalue()


def test_of_two_operators_who_release_at_once_one_does(sink: Sink) -> None:
    BlockedSender.objects.create(value="ann@example.org")
    receipt = taken(raw_mail())
    errors = in_threads(lambda _: suspended.release(receipt.pk, actor=None), 8)
    assert [type(error) for error in errors] == [suspended.NotSuspended] * 7
    work()
    assert Ticket.objects.count() == 1
    assert len(sink.mails) == 1, "it is acknowledged, as if nothing had been wrong"
    assert Event.objects.filter(kind="suspension.decided").count() == 1


def test_a_loop_that_is_released_is_filed_and_never_answered(sink: Sink) -> None:
    taken(raw_mail())
    back = taken(sink.mails[0].as_bytes())
    assert back.cause == Cause.LOOP
    suspended.release(back.pk, actor=None)
    work()
    back.refresh_from_db()
    assert back.status == "filed"
    assert len(sink.mails) == 1
    alone = taken(raw_mail(From="support@example.com", Message_ID="<own@example.com>"))
    suspended.release(alone.pk, actor=None)
    work()
    assert len(sink.mails) == 1
    assert AutomaticMail.objects.filter(suppressed_by="loop").count() == 1


def test_what_is_put_on_a_ticket_is_a_strangers(settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = "mx.example.com"
    elsewhere = make_ticket(make_account().inbox, subject="Another")
    answered = elsewhere.messages.get().external_id
    raw = raw_mail(Authentication_Results=FAIL, Cc="eve@x.example", In_Reply_To=f"<{answered}>")
    receipt = taken(raw)
    ticket, agent = make_ticket(), make_agent()
    suspended.file_on_ticket(receipt.pk, ticket, actor=agent)
    work()
    message = ticket.messages.latest("pk")
    assert message.receipt_id == receipt.pk
    assert (message.author, message.is_verified) == (Message.Author.STRANGER, False)
    assert (ticket.participants.count(), elsewhere.messages.count()) == (0, 1)
    decided = Event.objects.get(kind="suspension.decided")
    assert (decided.actor, decided.payload["ticket_id"]) == (agent, ticket.pk)


def test_a_closed_ticket_takes_it_and_stays_closed() -> None:
    BlockedSender.objects.create(value="ann@example.org")
    receipt = taken(raw_mail())
    ticket = make_ticket(sender=Address.email("bob@example.org"))
    ticket.move_to(Status.CLOSED)
    ticket.save()
    suspended.file_on_ticket(receipt.pk, ticket, actor=None)
    work()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.messages.count()) == (Status.CLOSED, 2)


def test_an_unreadable_mail_is_filed_as_a_file_when_somebody_wants_it() -> None:
    receipt = taken(b"\r\n\r\nnobody wrote this")
    suspended.release(receipt.pk, actor=None)
    work()
    receipt.refresh_from_db()
    assert receipt.status == "filed"
    message = Message.objects.get()
    with open_file(message.attachments.get().key) as content:
        assert content.read() == b"\r\n\r\nnobody wrote this"


def test_to_block_puts_it_away_and_suspends_what_follows(settings: Any) -> None:
    settings.HARBOUR_SPAM_SCORE = 5.0
    receipt = taken(raw_mail(X_Spam_Flag="YES"))
    assert suspended.block(receipt.pk, actor=None) == "ann@example.org"
    receipt.refresh_from_db()
    assert receipt.status == "discarded"
    assert taken(raw_mail()).cause == Cause.BLOCKED
    assert suspended.unblock("Ann@example.org", actor=None)
    assert not suspended.unblock("ann@example.org", actor=None)
    assert taken(raw_mail()).status == "filed"


def test_nobody_can_be_blocked_where_nobody_wrote() -> None:
    receipt = taken(b"\r\n\r\nnobody")
    with pytest.raises(suspended.NobodyToBlock):
        suspended.block(receipt.pk, actor=None)
    assert suspended.count() == 1


def test_pages_and_filters_hold_each_mail_once() -> None:
    BlockedSender.objects.create(value="ann@example.org")
    account = make_account()
    for n in range(7):
        receipts.accept(account, raw_mail(Message_ID=f"<p{n}@example.org>"), {})
    receipts.accept(account, b"\r\n\r\nnobody", {})
    work()
    seen, before = [], 0
    while page := suspended.listing(3, before=before):
        seen += [receipt.pk for receipt in page]
        before = page[-1].pk
    assert len(seen) == len(set(seen)) == 8
    assert suspended.counts() == {"blocked": 7, "unreadable": 1}
    assert len(suspended.listing(cause="unreadable")) == 1
    assert len(suspended.listing(sender="ANN@example.org")) == 7
    assert suspended.delete_all(cause="blocked", actor=None) == 7
    assert suspended.count() == 1


def test_the_command_does_all_of_it(sink: Sink) -> None:
    BlockedSender.objects.create(value="ann@example.org")
    first, second, third, fourth = (taken(raw_mail()) for _ in range(4))
    lines = [json.loads(line) for line in run("list", "--json", "--cause", "blocked").splitlines()]
    assert [line["id"] for line in lines] == [fourth.pk, third.pk, second.pk, first.pk]
    assert "ann@example.org" in run("list")
    assert "is blocked" in run("show", str(first.pk))
    assert "My kettle leaks." in run("show", str(first.pk), "--raw")
    run("release", str(first.pk))
    work()
    ticket = Ticket.objects.get()
    run("file", str(second.pk), ticket.number)
    run("delete", str(third.pk))
    assert "@example.org" in run("block", str(fourth.pk), "--domain")
    work()
    assert ticket.messages.count() == 2
    for wrong in (["release", str(first.pk)], ["file", str(first.pk), "12"], ["unblock", "x@y"]):
        with pytest.raises(CommandError):
            run(*wrong)
    assert "may write again" in run("unblock", "@example.org")
