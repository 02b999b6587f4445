"""How mailboxes fare, in words and in figures; the figures are for those with the token."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels.mailboxes.health import health_of, overview
from channels.models import Account, Breaker, Delivery, FetchState, Receipt
from support.models import Event, OutboxEntry
from tests.factories import make_account, make_inbox

pytestmark = pytest.mark.django_db

_addresses = count(random.randrange(1, 200))
FETCHED = {"imap_host": "imap.example.com"}


def fetched(address: str = "support@example.com", **state: Any) -> Account:
    account = make_account(address=address, inbox=make_inbox(), settings=FETCHED)
    FetchState.objects.create(account=account, **state)
    return account


def ago(seconds: int) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"fetched_at": 10}, "well"),
        ({}, "new"),
        ({"fetched_at": 600}, "late"),
        ({"fetched_at": 10, "failures": 1, "error": "No."}, "trouble"),
        ({"fetched_at": 10, "needs_sign_in": True}, "sign_in"),
    ],
)
def test_each_state_is_told_apart(state: dict[str, Any], told: str) -> None:
    values = {name: ago(v) if name == "fetched_at" else v for name, v in state.items()}
    health = health_of(fetched(**values))
    assert health.state == told
    assert health.is_well is (told == "well")
    if "fetched_at" in state:
        assert health.lag == pytest.approx(state["fetched_at"], abs=3)


def test_a_mailbox_that_is_off_or_handed_over_has_no_lag() -> None:
    assert health_of(make_account()).state == "handed"
    off = make_account(address="old@example.com", inbox=make_inbox(), is_active=False)
    assert health_of(off).state == "off"


def test_the_overview_counts_breakers_and_asks_little(django_assert_max_num_queries: Any) -> None:
    first = fetched(fetched_at=ago(1))
    Breaker.objects.create(account=first, recipient="", reason="too many")
    Breaker.objects.create(account=first, recipient="ann@example.org", reason="too many")
    for n in range(5):
        fetched(f"m{n}@example.com", fetched_at=ago(1))
    make_account(kind="web", address="", inbox=make_inbox())
    with django_assert_max_num_queries(1):
        rows = overview()
    assert [row.breakers for row in rows] == [2, 0, 0, 0, 0, 0]
    assert not rows[0].is_well


@pytest.fixture
def client() -> Client:
    """Each test asks from an address of its own, since askers are counted."""
    return Client(REMOTE_ADDR=f"192.0.2.{next(_addresses)}")


def asked(client: Client, token: str = "the-token") -> Any:  # noqa: S107
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def figures(text: str) -> dict[str, float]:
    lines = re.findall(r"^(harbour_\S+) (\S+)$", text, re.M)
    return {name: float(value) for name, value in lines}


def test_without_a_token_in_the_settings_there_are_no_metrics(client: Client) -> None:
    assert asked(client, "").status_code == 404


def test_only_the_token_opens_the_metrics(client: Client, settings: Any) -> None:
    settings.HARBOUR_METRICS_TOKEN = "the-token"
    for given in ("", "Bearer", "Bearer wrong", "Bearer the-token ", "the-token", "Bearer é"):
        answer = client.get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 401, given
        assert b"harbour" not in answer.content
    assert client.post("/metrics", headers={"Authorization": "Bearer the-token"}).status_code == 405


def test_who_keeps_guessing_the_token_waits(client: Client, settings: Any) -> None:
    settings.HARBOUR_METRICS_TOKEN = "the-token"
    answers = {asked(client, f"guess-{n}").status_code for n in range(130)}
    assert answers == {401, 429}


def test_the_figures_are_those_of_the_rows(client: Client, settings: Any) -> None:
    settings.HARBOUR_METRICS_TOKEN = "the-token"
    account = fetched(fetched_at=ago(100), behind=7, failures=2, needs_sign_in=True)
    Receipt.objects.create(account=account, body=b"x", received_at=ago(50))
    Receipt.objects.create(account=account, body=b"x", status="suspended")
    for n, status in enumerate(["queued", "queued", "held"]):
        Delivery.objects.create(
            account=account, to="a@example.org", external_id=str(n), payload={}, status=status
        )
    event = Event.objects.create(kind="test.it", topic="x", payload={}, at=ago(30))
    OutboxEntry.objects.create(event=event, handler="a.b")
    OutboxEntry.objects.create(event=event, handler="c.d", parked_at=timezone.now())
    answer = asked(client)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    told = figures(answer.content.decode())
    box = '{mailbox="support@example.com"}'
    assert told[f"harbour_mailbox_lag_seconds{box}"] == pytest.approx(100, abs=3)
    assert told[f"harbour_mailbox_behind{box}"] == 7
    assert told[f"harbour_mailbox_needs_sign_in{box}"] == 1
    assert told[f"harbour_mailbox_well{box}"] == 0
    assert told['harbour_receipts{status="waiting"}'] == 1
    assert told['harbour_receipts{status="suspended"}'] == 1
    assert told['harbour_receipts_oldest_seconds{status="waiting"}'] == pytest.approx(50, abs=3)
    assert told['harbour_deliveries{status="queued"}'] == 2
    assert told['harbour_deliveries{status="held"}'] == 1
    assert told['harbour_outbox{status="waiting"}'] == 1
    assert told['harbour_outbox{status="parked"}'] == 1
    assert told["harbour_outbox_oldest_seconds"] == pytest.approx(30, abs=3)


def test_an_empty_installation_has_figures_too(client: Client, settings: Any) -> None:
    settings.HARBOUR_METRICS_TOKEN = "the-token"
    told = figures(asked(client).content.decode())
    assert told["harbour_outbox_oldest_seconds"] == 0
