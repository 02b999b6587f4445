from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from channels import receipts
from channels.models import Account, Receipt
from channels.retention import forget_batch
from channels.tasks import forget_raw_mail
from tests.channels.arriving import taken
from tests.factories import make_account, make_agent, make_inbox, make_ticket, raw_mail
from tickets.models import Attachment, Message

pytestmark = pytest.mark.django_db(transaction=True)
OLD = timedelta(days=91)


@pytest.fixture
def account() -> Account:
    return make_account()


def aged(status: str, account: Account, age: timedelta = OLD) -> Receipt:
    at = timezone.now() - age
    return Receipt.objects.create(
        account=account, body=b"raw", meta={"kept": 1}, status=status, received_at=at
    )


def kept(receipt: Receipt) -> bool:
    receipt.refresh_from_db()
    return bool(receipt.body)


def test_what_is_decided_and_old_is_emptied_and_its_row_stays(account: Account) -> None:
    for status in ("filed", "duplicate", "ignored", "discarded", "watched"):
        receipt = aged(status, account)
        forget_raw_mail()
        assert not kept(receipt), status
        assert receipt.meta == {"kept": 1}


def test_what_waits_for_somebody_is_never_deleted(account: Account) -> None:
    for status in ("waiting", "suspended", "quarantined"):
        receipt = aged(status, account)
        forget_raw_mail()
        assert kept(receipt), status


def test_a_watching_mailbox_keeps_what_it_watched() -> None:
    receipt = aged("watched", make_account(mode=Account.Mode.WATCH))
    forget_raw_mail()
    assert kept(receipt)


def test_each_inbox_has_a_time_of_its_own(account: Account) -> None:
    short = make_account(
        inbox=make_inbox(name="S", keep_raw_for=timedelta(days=1)), address="s@example.com"
    )
    two_days = timedelta(days=2)
    long_kept, short_kept = aged("filed", account, two_days), aged("filed", short, two_days)
    forget_raw_mail()
    assert kept(long_kept)
    assert not kept(short_kept)


def test_files_that_are_still_to_be_stored_keep_their_mail(account: Account) -> None:
    receipt = aged("filed", account)
    make_ticket(account.inbox)
    message = Message.objects.get()
    Message.objects.update(receipt_id=receipt.pk)
    Attachment.objects.create(message=message, name="a", content_type="x/y", size=1, sha256="0")
    forget_raw_mail()
    assert kept(receipt)


def test_the_task_works_in_batches_to_the_end(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.retention.BATCH", 3)
    for _ in range(10):
        aged("filed", account)
    assert forget_batch() == 3
    forget_raw_mail()
    assert forget_batch() == 0
    assert not Receipt.objects.exclude(body=b"").exists()


def test_old_bodies_are_found_by_their_index(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        cursor.execute(
            "explain select id from channels_receipt where account_id = 1"
            " and received_at < now() and not (body = '\\x'::bytea) order by received_at"
        )
        assert "receipt_raw_age" in str(cursor.fetchall())
        cursor.execute("set enable_seqscan = on")


def test_show_original_says_that_it_is_gone(account: Account, client: Client) -> None:
    client.force_login(make_agent())
    receipt = taken(raw_mail(), account)
    message = Message.objects.get()
    path = f"/console/messages/{message.pk}/original/"
    assert client.get(path).status_code == 200
    Receipt.objects.filter(pk=receipt.pk).update(received_at=timezone.now() - OLD)
    forget_raw_mail()
    answer = client.get(path)
    assert answer.status_code == 410
    assert "90 days" in answer.content.decode()
    assert receipts.process([receipt.pk]) is None
