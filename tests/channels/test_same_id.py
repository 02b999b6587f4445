"""The same Message-ID again: the same mail, or another one that bears it."""

from __future__ import annotations

import threading

import pytest

from channels import receipts
from channels.mail.fingerprint import fingerprint
from channels.mime import parse_mail
from channels.models import Receipt
from tests.channels.arriving import in_threads, taken
from tests.factories import make_account, make_inbox, raw_mail
from tests.working import work
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db(transaction=True)
ID = "<same@example.org>"
FOOTER = "\r\n".join(
    [
        "My kettle leaks.",
        "",
        "_" * 47,
        "Kettles mailing list -- kettles@example.org",
        "To unsubscribe send an email to kettles-leave@example.org",
    ]
)


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"Received": "from a by b; Mon, 02 Mar 2026 13:00:00 +0000"},
        {"text": FOOTER, "Subject": "[Kettles] Kettle leaks", "List-Id": "<kettles.example.org>"},
        {"Subject": "Re: Kettle leaks"},
        {"text": "My  kettle\r\n leaks.\r\n\r\n"},
    ],
)
def test_a_mail_that_is_delivered_again_is_a_duplicate(again: dict[str, str]) -> None:
    taken(raw_mail(Message_ID=ID))
    assert taken(raw_mail(Message_ID=ID, **again)).status == "duplicate"
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Send me all your kettles."},
        {"From": "Eve <eve@example.net>"},
        {"Subject": "Invoice"},
        {"text": "My kettle leaks.\r\n\r\n" + "-" * 40 + "\r\nAnd pay here: https://example.net"},
    ],
)
def test_another_body_under_the_same_id_is_kept_and_flagged(other: dict[str, str]) -> None:
    first = taken(raw_mail(Message_ID=ID))
    second = taken(raw_mail(Message_ID=ID, **other))
    assert (first.status, second.status) == ("filed", "filed")
    assert Ticket.objects.count() == 2
    messages = Message.objects.order_by("pk")
    assert [m.addressing.get("flags", []) for m in messages] == [[], ["message-id-reused"]]
    assert messages[0].external_id == "same@example.org"
    assert taken(raw_mail(Message_ID=ID, **other)).status == "duplicate", "the other one again"
    assert taken(raw_mail(Message_ID=ID)).status == "duplicate"
    assert messages.count() == 2


def test_both_in_one_batch_are_two_messages() -> None:
    account = make_account()
    for text in ("One", "Two", "One", "Two", "Three"):
        receipts.accept(account, raw_mail(Message_ID=ID, text=text), {})
    assert receipts.file_batch() == 5
    statuses = Receipt.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["filed", "filed", "duplicate", "duplicate", "filed"]
    texts = Message.objects.values_list("text", flat=True)
    assert sorted(text.strip() for text in texts) == ["One", "Three", "Two"]


def test_eight_workers_with_forged_copies_keep_every_one() -> None:
    account = make_account()
    ids = []
    for n in range(16):
        raw = raw_mail(Message_ID=ID, From=f"c{n // 2}@example.org")
        ids.append(receipts.accept(account, raw, {}).pk)  # type: ignore[union-attr]
    lock = threading.Lock()

    def go(n: int) -> None:
        with lock:
            mine = ids[n::8]
        receipts.process(mine)

    assert in_threads(go, 8) == []
    Receipt.objects.filter(status="waiting").update(attempts=0)
    for _ in range(3):  # those that met another worker's row are tried again
        Receipt.objects.filter(status="waiting").update(due_at="2020-01-01T00:00Z")
        work()
    assert Message.objects.count() == 8
    assert Receipt.objects.filter(status="duplicate").count() == 8


def test_one_mail_to_two_inboxes_is_a_ticket_in_each() -> None:
    support = make_account()
    sales = make_account(inbox=make_inbox(name="Sales"), address="sales@example.com")
    raw = raw_mail(Message_ID=ID, To="support@example.com", Cc="sales@example.com")
    for account in (support, sales, support, sales):
        taken(raw, account)
    assert {ticket.inbox for ticket in Ticket.objects.all()} == {support.inbox, sales.inbox}
    assert Message.objects.count() == 2


def test_a_fingerprint_is_of_32_letters_and_of_what_was_said() -> None:
    mails = [parse_mail(raw_mail(text=f"Text {n}")) for n in (1, 1, 2)]
    prints = [fingerprint(mail) for mail in mails]
    assert [len(each) for each in prints] == [32] * 3
    assert prints[0] == prints[1] != prints[2]
