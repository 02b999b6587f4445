"""Workers that die with rows in hand: what the next one makes of them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels import delivery, receipts
from channels.models import Delivery, Receipt
from channels.receipts import accept
from support import outbox
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)


def die_with(*, row: Delivery, handed_over: bool = False) -> None:
    """As if a worker had claimed the row and its lease had run out."""
    Delivery.objects.filter(pk=row.pk).update(
        status="sending", due_at=timezone.now(), was_handed_over=handed_over
    )


def test_mails_that_workers_died_over_are_read_alone_and_new_ones_before_them() -> None:
    account = make_account()
    for n in range(4):
        accept(account, raw_mail(Message_ID=f"<a{n}@example.org>"), {})
    suspects = list(Receipt.objects.order_by("pk")[:2])
    Receipt.objects.filter(pk__in=[each.pk for each in suspects]).update(attempts=2)
    assert receipts.file_batch() == 2
    waiting = Receipt.objects.filter(status="waiting").values_list("pk", flat=True)
    assert set(waiting) == {each.pk for each in suspects}
    assert [receipts.file_batch() for _ in range(3)] == [1, 1, 0]
    assert Ticket.objects.count() == 4


def test_an_acknowledgement_outlives_several_deaths_and_then_stops(sink: Sink) -> None:
    accept(make_account(), raw_mail(), {})
    while receipts.file_batch():
        pass
    work()
    row = Delivery.objects.get()
    for _ in range(delivery.MAX_BLIND):
        die_with(row=row, handed_over=True)
        work()
    assert len(sink.mails) == 1 + delivery.MAX_BLIND
    assert len({str(mail["Message-ID"]) for mail in sink.mails}) == 1
    die_with(row=row, handed_over=True)
    work()
    row.refresh_from_db()
    assert (row.status, len(sink.mails)) == ("unknown", 1 + delivery.MAX_BLIND)


def test_a_reply_that_was_handed_over_is_never_sent_blindly(sink: Sink) -> None:
    accept(make_account(), raw_mail(), {})
    work()
    message = reply(Ticket.objects.get(), "It is on its way", actor=make_agent())
    work()
    row, before = Delivery.objects.get(message=message), len(sink.mails)
    die_with(row=row, handed_over=True)
    work()
    row.refresh_from_db()
    assert (row.status, len(sink.mails)) == ("unknown", before)


def test_deaths_before_anything_was_handed_over_cost_no_try(sink: Sink) -> None:
    accept(make_account(), raw_mail(), {})
    while receipts.file_batch() or outbox.drain_batch():
        pass
    row = Delivery.objects.get()
    for _ in range(3 * delivery.MAX_BLIND):
        die_with(row=row)
        delivery._claim()  # and dies again, before a connection is opened
    die_with(row=row)
    work()
    row.refresh_from_db()
    assert (row.status, len(sink.mails)) == ("sent", 1)
