from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.utils import timezone

from channels import quarantine, receipts
from channels.models import Delivery, Receipt
from support.events import DomainEvent
from support.models import Event, OutboxEntry
from support.redis import client as redis
from tests.factories import NOON, make_account, make_agent, make_message, raw_mail
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def halted_receipt(body: bytes = b"", **values: Any) -> Receipt:
    defaults: dict[str, Any] = {"error": "Unreadable: no sender", "attempts": 1}
    account = values.pop("account", None) or make_account()
    return Receipt.objects.create(
        account=account, body=body, status="quarantined", **defaults | values
    )


def halted_entry(**values: Any) -> OutboxEntry:
    event = Event.objects.create(kind="ticket.opened", topic="ticket:7", payload={"ticket_id": 7})
    defaults: dict[str, Any] = {"parked_at": timezone.now(), "attempts": 12, "error": "KeyError"}
    return OutboxEntry.objects.create(event=event, handler="x.y", **defaults | values)


def halted_delivery(status: str = "failed", **values: Any) -> Delivery:
    message = make_message()
    return Delivery.objects.create(
        account=message.ticket.inbox.accounts.get(),
        message=message,
        to="ann@example.org",
        external_id=f"<{message.pk}@example.com>",
        payload={},
        status=status,
        error="550 no such user",
        **values,
    )


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("quarantine", *args, stdout=out)
    return out.getvalue()


def test_all_three_kinds_are_listed_newest_first() -> None:
    delivery = halted_delivery(due_at=NOON)
    account = delivery.account
    receipt = halted_receipt(
        b"abc", account=account, processed_at=NOON + timedelta(hours=1), meta={"mail_from": "a@b"}
    )
    entry = halted_entry(parked_at=NOON + timedelta(hours=2))
    items = quarantine.listing()
    assert [item.id for item in items] == [f"o{entry.pk}", f"r{receipt.pk}", f"d{delivery.pk}"]
    assert items[0].ticket_id == 7
    assert items[1].size == 3
    assert "a@b" in items[1].about
    assert items[2].ticket_id == delivery.message.ticket_id
    assert quarantine.count() == 3


def test_what_is_well_is_not_listed() -> None:
    receipts.accept(make_account(), b"x", {})
    halted_entry(parked_at=None)
    halted_delivery(status="sent")
    assert quarantine.listing() == []


def test_pages_hold_each_item_once_even_at_equal_times() -> None:
    account = make_account()
    for _ in range(12):
        halted_receipt(account=account, processed_at=NOON)
        halted_entry(parked_at=NOON)
    seen, before = [], ""
    while page := quarantine.listing(5, before):
        seen += [item.id for item in page]
        before = page[-1].cursor
    assert len(seen) == len(set(seen)) == 24


@pytest.mark.parametrize("cursor", ["x", "2026-01-01T00:00:00+00:00", "2026-01-01/z9", "/r1"])
def test_a_wrong_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError):
        quarantine.listing(5, cursor)


def test_a_replayed_mail_is_filed_as_if_it_had_just_come() -> None:
    receipt = halted_receipt(raw_mail(), attempts=5)
    agent = make_agent()
    quarantine.replay(f"r{receipt.pk}", agent)
    assert quarantine.listing() == []
    assert receipts.file_batch() == 1
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.FILED
    assert Ticket.objects.count() == 1
    decided = Event.objects.get(kind="quarantine.decided")
    assert (decided.actor, decided.payload["decision"]) == (agent, "replay")
    assert decided.payload["error"] == "Unreadable: no sender"


def test_a_replayed_handler_and_delivery_are_due_again() -> None:
    entry, delivery = halted_entry(), halted_delivery("unknown", was_handed_over=True)
    quarantine.replay(f"o{entry.pk}")
    quarantine.replay(f"d{delivery.pk}")
    entry.refresh_from_db()
    delivery.refresh_from_db()
    assert (entry.parked_at, entry.attempts) == (None, 0)
    assert entry in OutboxEntry.objects.due()
    assert (delivery.status, delivery.was_handed_over) == ("queued", False)
    assert delivery in Delivery.objects.due()


@pytest.mark.parametrize(
    ("halt", "letter", "task"),
    [
        (halted_receipt, "r", "channels.tasks.file_receipts"),
        (halted_entry, "o", "support.tasks.drain_outbox"),
        (halted_delivery, "d", "channels.tasks.send_deliveries"),
    ],
)
def test_what_is_replayed_is_worked_at_once(
    halt: Callable[[], Model], letter: str, task: str, django_capture_on_commit_callbacks: Any
) -> None:
    redis().flushdb()
    with django_capture_on_commit_callbacks() as waiting:
        quarantine.replay(f"{letter}{halt().pk}")
    assert redis().llen("celery") == 0, "nothing is told before the commit"
    for tell in waiting:
        tell()
    (message,) = redis().lrange("celery", 0, -1)
    assert json.loads(message)["headers"]["task"] == task


def test_what_is_discarded_is_let_go_but_its_row_says_so() -> None:
    entry, delivery = halted_entry(), halted_delivery()
    receipt = halted_receipt(account=delivery.account)
    for item in quarantine.listing():
        quarantine.discard(item.id)
    assert quarantine.listing() == []
    receipt.refresh_from_db()
    delivery.refresh_from_db()
    assert receipt.status == Receipt.Status.DISCARDED
    assert delivery.status == Delivery.Status.SUPPRESSED
    assert not OutboxEntry.objects.filter(pk=entry.pk).exists()
    assert Event.objects.filter(kind="quarantine.decided").count() == 3


@pytest.mark.parametrize(
    "item_id", ["r1", "o1", "d1", "x1", "", "r", "r-1", "r1' or 1", "r" + "9" * 40]
)
def test_an_id_that_is_not_there_is_told(item_id: str) -> None:
    for call in (quarantine.find, quarantine.raw, quarantine.replay, quarantine.discard):
        with pytest.raises(quarantine.NotQuarantined):
            call(item_id)


def test_a_thing_is_dealt_with_only_once() -> None:
    receipt = halted_receipt()
    quarantine.discard(f"r{receipt.pk}")
    with pytest.raises(quarantine.NotQuarantined):
        quarantine.replay(f"r{receipt.pk}")


def test_the_command_lists_shows_replays_and_discards() -> None:
    receipt = halted_receipt(b"Subject: \xff\r\n\r\nx")
    item_id = f"r{receipt.pk}"
    assert item_id in run("list")
    assert json.loads(run("list", "--json"))["error"] == "Unreadable: no sender"
    assert "Unreadable: no sender" in run("show", item_id)
    assert run("show", item_id, "--raw") == "Subject: \\xff\r\n\r\nx\n"
    assert "will be tried again" in run("replay", "--all")
    assert run("list") == ""
    Receipt.objects.update(status="quarantined")
    assert "was let go" in run("discard", item_id)


@pytest.mark.parametrize("args", [("show", "r999"), ("replay",), ("replay", "r1", "--all"), ()])
def test_a_wrong_command_is_refused_clearly(args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*args)


def test_its_event_is_known_to_the_timeline() -> None:
    event: DomainEvent = quarantine.QuarantineDecided(item="r1", decision="replay")
    assert event.topic == "quarantine:r1"
