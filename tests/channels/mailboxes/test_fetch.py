"""Reading a mailbox of a real Dovecot into receipts: every mail once, whatever breaks off."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from django.db import connection

from channels.mailboxes import cursor
from channels.mailboxes.connection import Unreachable
from channels.models import Account, FetchState, Receipt
from tests.channels.mailboxes.boxes import change, look, mails, stored
from tests.channels.mailboxes.dovecot import Dovecot
from tests.channels.mailboxes.proxy import running_proxy
from tests.factories import raw_mail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def test_what_was_there_before_us_is_not_touched(dovecot: Dovecot, account: Account) -> None:
    dovecot.drop(*mails(30))
    look(account)
    assert not Receipt.objects.exists()
    assert FetchState.objects.get().fetched_at
    new = mails(1, first=30)
    dovecot.drop(*new)
    look(account)
    assert stored() == new
    assert len(dovecot.files()) == 31


def test_a_thousand_mails_are_fetched_once_and_byte_by_byte(
    dovecot: Dovecot, account: Account
) -> None:
    look(account)
    sent = mails(1000)
    dovecot.drop(*sent)
    begun = time.monotonic()
    state = look(account)
    print(f"\n1,000 mails fetched and stored in {time.monotonic() - begun:.2f} s")
    look(account)
    assert stored() == sorted(sent)
    assert Receipt.objects.values("provider_key").distinct().count() == 1000
    assert (state.behind, state.failures, state.error) == (0, 0, "")


def test_the_envelope_is_taken_from_what_servers_wrote_down(
    dovecot: Dovecot, account: Account
) -> None:
    look(account)
    dovecot.drop(
        b"Return-Path: <Ann@example.org>\r\nDelivered-To: Support+t7@example.com\r\n"
        b"X-Original-To: help@example.com\r\nFrom: ann@example.org\r\nTo: list@example.net\r\n"
        b"Message-ID: <one@example.org>\r\n\r\nHello\r\n"
    )
    look(account)
    meta = Receipt.objects.get().meta
    assert meta["door"] == "imap"
    assert meta["rcpt_tos"] == ["support+t7@example.com", "help@example.com"]
    assert meta["mail_from"] == "Ann@example.org"
    assert meta["message_id"] == "one@example.org"


def test_a_mail_too_large_is_suspended_with_its_head_and_stays_on_the_server(
    dovecot: Dovecot, account: Account
) -> None:
    change(account, size_limit=20_000, after_fetch="delete")
    look(account)
    large = raw_mail(Subject="My film", text="x" * 30_000)
    dovecot.drop(large, *mails(2))
    state = look(account)
    cut = Receipt.objects.get(status=Receipt.Status.SUSPENDED)
    assert cut.cause == Receipt.Cause.TOO_LARGE
    assert (cut.sender, cut.subject) == ("ann@example.org", "My film")
    assert bytes(cut.body) == large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert cut.meta["size"] == len(large)
    assert Receipt.objects.filter(status=Receipt.Status.WAITING).count() == 2
    assert [len(file.read_bytes()) > 30_000 for file in dovecot.files()] == [True]
    look(account)
    assert Receipt.objects.count() == 3
    assert state.error == ""


def test_large_mails_are_fetched_a_few_at_a_time(dovecot: Dovecot, account: Account) -> None:
    look(account)
    sent = [raw_mail(text="y" * 3_000_000 + str(n)) for n in range(4)]
    dovecot.drop(*sent)
    look(account, steps=1)
    assert Receipt.objects.count() == 1
    look(account)
    assert stored() == sorted(sent)


def test_a_connection_cut_in_the_middle_is_gone_on_with(dovecot: Dovecot, account: Account) -> None:
    look(account)
    sent = [raw_mail(From=f"c{n}@example.org", text="z" * 20_000 + str(n)) for n in range(120)]
    dovecot.drop(*sent)
    with running_proxy(dovecot.port) as proxy:
        change(account, imap_port=proxy.port)
        proxy.cut_after = 900_000
        for _ in range(30):
            try:
                look(account)
                break
            except Unreachable:
                proxy.cut_after += 50_000
        assert proxy.cuts >= 3
    assert stored() == sorted(sent)


def test_a_mail_over_which_the_line_always_breaks_holds_up_nobody(
    dovecot: Dovecot, account: Account
) -> None:
    look(account)
    dovecot.drop(*mails(5), raw_mail(Subject="Odd", text="poison"), *mails(5, first=5))
    tries: Counter[int] = Counter()
    with running_proxy(dovecot.port) as proxy:
        change(account, imap_port=proxy.port)
        proxy.poison = b"poison"
        for _ in range(8):
            try:
                look(account, tries=tries)
                break
            except Unreachable:
                continue
    cut = Receipt.objects.get(status=Receipt.Status.SUSPENDED)
    assert (cut.cause, cut.subject) == (Receipt.Cause.UNREADABLE, "Odd")
    assert Receipt.objects.filter(status=Receipt.Status.WAITING).count() == 10
    assert not tries


def test_two_fetchers_at_once_store_nothing_twice(dovecot: Dovecot, account: Account) -> None:
    look(account)
    sent = mails(300)
    dovecot.drop(*sent)
    start = threading.Barrier(2)

    errors: list[Exception] = []
    overtaken: list[bool] = []

    def fetch() -> None:
        start.wait()
        try:
            while True:
                try:
                    look(account)
                    return
                except cursor.Overtaken:
                    overtaken.append(True)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors, bool(overtaken)) == ([], True)
    assert stored() == sorted(sent)
