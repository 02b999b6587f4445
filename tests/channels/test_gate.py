"""The gate: which mail is kept from the queue, and for which cause."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels import receipts, suspended
from channels.models import BlockedSender, Receipt
from channels.reading import MAX_ATTEMPTS
from tests.channels.arriving import in_threads, taken
from tests.factories import make_account, make_ticket, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)
FAIL = "mx.example.com; dmarc=fail header.from=example.org"
Cause = Receipt.Cause


def test_a_sender_whom_our_border_calls_forged_is_suspended(sink: Sink, settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = "mx.example.com"
    ticket = make_ticket(make_account().inbox)
    for n in range(30):
        raw = raw_mail(
            Authentication_Results=FAIL,
            Subject=f"Re: {ticket.number}",
            Cc=f"eve{n}@example.net",
            Message_ID=f"<f{n}@example.org>",
        )
        assert (taken(raw).status, taken(raw).cause) == ("suspended", Cause.UNVERIFIED)
    assert Ticket.objects.count() == 1
    assert (ticket.messages.count(), ticket.participants.count()) == (1, 0)
    assert not [mail for mail in sink.mails if "eve" in str(mail["To"])]


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        ({"X-Spam-Flag": "YES"}, Cause.SPAM),
        ({"X-Spam-Status": "Yes, score=9.1 required=5.0"}, Cause.SPAM),
        ({"X-Spam-Status": "No, score=6.1 required=9.0"}, Cause.SPAM),
        ({"X-Spam-Score": "6.0"}, Cause.SPAM),
        ({"X-Rspamd-Score": "7.25"}, Cause.SPAM),
        ({"X-Spamd-Result": "default: False [6.20 / 15.00]; X(0.1)[]"}, Cause.SPAM),
        ({"X-Rspamd-Action": "add header"}, Cause.SPAM),
        ({"X-Spam-Status": "No, score=-2.6 required=5.0"}, ""),
        ({"X-Spam-Score": "5.9"}, ""),
        ({"X-Spam-Flag": "NO"}, ""),
        ({"X-Rspamd-Action": "no action"}, ""),
        ({"X-Spam-Score": "much"}, ""),
    ],
)
def test_the_relays_word_on_spam_counts_when_it_is_trusted(
    headers: dict[str, str], cause: str, settings: Any
) -> None:
    assert taken(raw_mail(**headers)).status == "filed", "nobody said that it may be believed"
    settings.HARBOUR_SPAM_SCORE = 6.0
    assert taken(raw_mail(**headers)).cause == cause


def test_an_answer_to_our_own_mail_is_no_spam(sink: Sink, settings: Any) -> None:
    settings.HARBOUR_SPAM_SCORE = 6.0
    taken(raw_mail())
    answer = raw_mail(To=str(sink.mails[0]["Reply-To"]), X_Spam_Flag="YES")
    assert taken(answer).status == "filed"


def test_blocked_senders_and_whole_domains_are_suspended() -> None:
    BlockedSender.objects.create(value="ann@example.org")
    BlockedSender.objects.create(value="@example.net")
    assert taken(raw_mail()).cause == Cause.BLOCKED
    assert taken(raw_mail(From="Eve <EVE@Example.Net>")).cause == Cause.BLOCKED
    assert taken(raw_mail(From="bob@example.org")).status == "filed"
    assert taken(raw_mail(From="bob@sub.example.net")).status == "filed"


def test_a_mail_above_the_limit_is_suspended_and_not_dropped(settings: Any) -> None:
    settings.HARBOUR_MAIL_LIMIT = 5000
    receipt = taken(raw_mail(text="x" * 6000))
    assert (receipt.cause, receipt.sender) == (Cause.TOO_LARGE, "ann@example.org")


def test_what_cannot_be_read_is_told_by_its_headers() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(2000)
    )
    raw = b"From: Eve <eve@example.net>\r\nSubject: Deep\r\nMIME-Version: 1.0\r\n" + deep
    receipt = taken(raw)
    assert (receipt.status, receipt.cause) == ("suspended", Cause.UNREADABLE)
    assert (receipt.sender, receipt.subject) == ("eve@example.net", "Deep")


def test_a_thousand_mails_of_one_sender_are_twenty_tickets(sink: Sink) -> None:
    account = make_account()
    mails = [raw_mail(Message_ID=f"<n{n}@example.org>", Subject=f"{n}") for n in range(1000)]
    Receipt.objects.bulk_create(Receipt(account=account, body=raw, meta={}) for raw in mails)
    receipts.accept(account, raw_mail(From="bob@example.org"), {})
    work()
    assert Ticket.objects.filter(requester__identities__value="ann@example.org").count() == 20
    assert Ticket.objects.filter(requester__identities__value="bob@example.org").count() == 1
    held = Receipt.objects.filter(status="suspended", cause=Cause.SENDER_LIMIT)
    assert held.count() == 980
    first = held.order_by("pk")[0]
    suspended.release(first.pk, actor=None)
    work()
    first.refresh_from_db()
    assert first.status == "filed", "a released mail is not counted against its sender"


def test_the_limit_counts_rows_and_not_answers(sink: Sink, settings: Any) -> None:
    settings.HARBOUR_SENDER_RATE = 2
    for n in range(2):
        assert taken(raw_mail(Message_ID=f"<a{n}@example.org>")).status == "filed"
    assert taken(raw_mail()).cause == Cause.SENDER_LIMIT
    assert taken(raw_mail(In_Reply_To="<a0@example.org>")).status == "filed"
    settings.HARBOUR_SENDER_RATE = 3
    assert taken(raw_mail()).status == "filed", "what was suspended opened no ticket"


def test_eight_workers_at_once_open_no_ticket_too_many(settings: Any) -> None:
    settings.HARBOUR_SENDER_RATE = 5
    account = make_account()
    ids = []
    for n in range(40):
        receipt = receipts.accept(account, raw_mail(Message_ID=f"<r{n}@example.org>"), {})
        assert receipt is not None
        ids.append(receipt.pk)
    in_threads(lambda n: receipts.process(ids[n::8]), 8)
    assert Ticket.objects.count() == 5
    assert Receipt.objects.filter(cause=Cause.SENDER_LIMIT).count() == 35


def test_the_gate_asks_once_for_a_batch_and_not_for_each_mail() -> None:
    account = make_account()

    def statements(count: int, name: str) -> int:
        for n in range(count):
            raw = raw_mail(From=f"{name}{n}@example.org", Message_ID=f"<{name}{n}@example.org>")
            receipts.accept(account, raw, {})
        with CaptureQueriesContext(connection) as counted:
            assert receipts.file_batch() == count
        return len(counted)

    statements(2, "warm")
    assert statements(40, "many") <= statements(4, "few") + 2


def test_what_workers_died_of_is_quarantined_and_not_suspended() -> None:
    receipt = receipts.accept(make_account(), raw_mail(), {})
    assert receipt is not None
    Receipt.objects.update(attempts=MAX_ATTEMPTS)
    work()
    receipt.refresh_from_db()
    assert receipt.status == "quarantined"
