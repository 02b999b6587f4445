"""Every provider at the webhook door: proved first, stored once, read later."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anymail.webhooks
import pytest
from django.db import connection

from channels import receipts
from channels.models import Receipt
from channels.providers import proof
from tests.channels.hooks import calls, signed_calls, user_calls
from tests.channels.hooks.posting import EVERY, account_for, post, set_up
from tickets.files import open_file
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_every_provider_that_anymail_takes_mail_from_is_here() -> None:
    folder = Path(anymail.webhooks.__file__).parent
    takes_mail = {path.stem for path in folder.glob("*.py") if "InboundEvent(" in path.read_text()}
    assert takes_mail == set(proof.PROVIDERS)
    assert {name.removesuffix("_parsed").removesuffix("_version_1") for name in EVERY} == takes_mail


@pytest.mark.parametrize("name", EVERY)
def test_a_proved_call_becomes_a_ticket_with_everything_in_it(
    name: str, internet: dict[str, Any]
) -> None:
    account, call = set_up(name)
    internet |= call.internet
    assert post(account, call) == 200
    receipt = Receipt.objects.get()
    assert bytes(receipt.body) == call.body
    assert calls.USER not in json.dumps(receipt.meta)
    assert receipts.file_batch() == 1
    receipt.refresh_from_db()
    assert (receipt.status, receipt.error) == ("filed", "")
    message = Ticket.objects.get().messages.get()
    assert message.ticket.subject == calls.SUBJECT
    assert message.external_id == "hook-1@example.org"
    assert message.text.replace("\r\n", "\n").strip() == calls.TEXT.replace("\r\n", "\n")
    assert message.ticket.requester.identities.get().value == calls.SENDER
    (file,) = message.attachments.all()
    assert file.name == "data.bin"
    with open_file(file.key) as content:
        assert content.read() == calls.FILE


@pytest.mark.parametrize("name", EVERY)
def test_a_hundred_repetitions_are_answered_and_stored_once(
    name: str, internet: dict[str, Any]
) -> None:
    account, call = set_up(name)
    internet |= call.internet
    assert {post(account, call) for _ in range(100)} == {200}
    assert Receipt.objects.count() == 1
    assert len(internet["asked"]) <= 1  # Amazon's certificate


@pytest.mark.django_db(transaction=True)
def test_the_same_call_from_twenty_threads_at_once_is_stored_once() -> None:
    call = user_calls.postmark()
    account = account_for(call)

    def once(_: int) -> int:
        try:
            return post(account, call)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(once, range(100))) == {200}
    assert Receipt.objects.count() == 1


def test_what_cannot_be_fetched_now_is_tried_again(internet: dict[str, Any]) -> None:
    call = signed_calls.resend()
    assert post(account_for(call), call) == 200
    receipts.file_batch()
    receipt = Receipt.objects.get()
    assert receipt.status == Receipt.Status.WAITING
    internet |= call.internet
    receipts.process([receipt.pk])
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.FILED


BROKEN = [b"", b"{", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b"\xff\xfe", b"{}{}", b"--\r\n"]


@pytest.mark.parametrize("name", EVERY)
def test_a_broken_call_is_answered_and_never_breaks_us(name: str, internet: dict[str, Any]) -> None:
    """Those who prove the caller and not the content take it: the worker then sets it aside."""
    account, call = set_up(name)
    internet |= call.internet
    for body in BROKEN:
        assert post(account, call.but(body=body)) in (200, 400, 403)
    receipts.file_batch()
    for receipt in Receipt.objects.all():
        assert receipt.status in (Receipt.Status.SUSPENDED, Receipt.Status.IGNORED)
