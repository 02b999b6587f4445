"""An answer that overtakes the mail it answers, because two workers share the backlog."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels import receipts
from channels.models import Account, Receipt
from channels.reading import MOST_EARLY
from channels.receipts import LEASE, accept
from tests.factories import make_account, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)


def _first_in_other_hands(account: Account) -> Receipt:
    """A mail that another worker has claimed and not filed yet."""
    receipt = accept(account, raw_mail(Message_ID="<first@example.org>"), {})
    assert receipt is not None
    Receipt.objects.update(attempts=1, due_at=timezone.now() + LEASE)
    return receipt


def test_an_answer_waits_for_the_mail_it_answers(sink: Sink) -> None:
    account = make_account()
    first = _first_in_other_hands(account)
    answer = accept(account, raw_mail(In_Reply_To="<first@example.org>"), {})
    assert answer is not None
    receipts.file_batch()
    assert not Ticket.objects.exists()
    answer.refresh_from_db()
    assert (answer.status, answer.attempts) == (Receipt.Status.WAITING, 0)

    receipts.process([first.pk])  # the other worker gets there
    work()
    assert Ticket.objects.get().messages.count() == 2


def test_an_answer_to_what_nobody_has_waits_for_nobody(sink: Sink) -> None:
    accept(make_account(), raw_mail(In_Reply_To="<unheard-of@example.org>"), {})
    receipts.file_batch()
    assert Ticket.objects.count() == 1


def test_an_answer_to_a_known_mail_waits_for_nobody(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(Message_ID="<known@example.org>"), {})
    work()
    receipt = accept(account, raw_mail(), {})
    assert receipt is not None
    Receipt.objects.filter(pk=receipt.pk).update(attempts=1, due_at=timezone.now() + LEASE)
    accept(account, raw_mail(In_Reply_To="<known@example.org>"), {})
    receipts.file_batch()
    assert Ticket.objects.get().messages.count() == 2


def test_an_answer_does_not_wait_for_ever(sink: Sink) -> None:
    account = make_account()
    _first_in_other_hands(account)
    answer = accept(account, raw_mail(In_Reply_To="<first@example.org>"), {})
    assert answer is not None
    long_ago = timezone.now() - MOST_EARLY - timedelta(seconds=1)
    Receipt.objects.filter(pk=answer.pk).update(received_at=long_ago)
    receipts.file_batch()
    assert Ticket.objects.count() == 1


def test_mails_of_one_batch_are_filed_in_the_order_in_which_they_came(sink: Sink) -> None:
    account = make_account()
    accept(account, raw_mail(Message_ID="<z@example.org>", From="zoe@example.org"), {})
    accept(account, raw_mail(In_Reply_To="<z@example.org>", From="amy@example.org"), {})
    work()
    assert Ticket.objects.get().messages.count() == 2
