"""Platforms that are asked: everything is stored once, whoever asks, and a failure is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels import polling
from channels.adapters.telegram import Telegram
from channels.base import Polled
from channels.models import Account, Receipt
from channels.simulators.base import Said
from channels.simulators.telegram import TelegramSimulator
from support import http
from tests.factories import make_inbox
from tests.working import work
from tickets.models import Message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    settings = {**TelegramSimulator.account(), "polls": True}
    return Account.objects.create(kind="telegram", inbox=make_inbox(), settings=settings)


def finds(monkeypatch: pytest.MonkeyPatch, *texts: str) -> list[str]:
    """The platform has these updates; the cursors with which it was asked."""
    asked: list[str] = []
    simulator = TelegramSimulator(TelegramSimulator.account())
    calls = [simulator.calls(Said(person="7", text=text))[0] for text in texts]

    def poll(self: Telegram, cursor: str) -> Polled:
        asked.append(cursor)
        last = str(json.loads(calls[-1].body)["update_id"] + 1)
        return Polled(bodies=tuple(call.body for call in calls if not cursor), cursor=last)

    monkeypatch.setattr(Telegram, "poll", poll)
    return asked


def test_what_is_found_is_filed_and_asked_for_no_second_time(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = finds(monkeypatch, "first", "second")
    assert polling.poll_due() == 2
    assert polling.poll_due() == 0, "its turn comes later"
    Account.objects.update(polled_at=None)
    assert polling.poll_due() == 0
    assert asked[0] == "" and asked[1] != ""
    work()
    assert set(Message.objects.values_list("text", flat=True)) == {"first", "second"}


def test_two_that_ask_at_once_store_it_once(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, "only once")
    same = Account.objects.get()
    assert [polling._poll(account), polling._poll(same)] == [1, 0]
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("error", [http.Unreachable("away"), ValueError("no JSON")])
def test_a_platform_that_is_away_is_shown_and_asked_again(
    account: Account, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(self: Telegram, cursor: str) -> Any:
        raise error

    monkeypatch.setattr(Telegram, "poll", away)
    assert polling.poll_due() == 0
    account.refresh_from_db()
    assert type(error).__name__ in account.error
    finds(monkeypatch, "at last")
    Account.objects.update(polled_at=None)
    assert polling.poll_due() == 1
    account.refresh_from_db()
    assert account.error == ""
