from __future__ import annotations

from collections.abc import Sequence

import pytest

from people.models import Team
from support import events
from support.models import Event, OutboxEntry
from support.outbox import MAX_ATTEMPTS, drain_batch
from tests.factories import make_message
from tickets.events import MessageReceived, TicketOpened

pytestmark = pytest.mark.django_db


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, events.BatchHandler]:
    registered: dict[str, events.BatchHandler] = {}
    monkeypatch.setitem(events._handlers, TicketOpened.kind, {})
    monkeypatch.setitem(events._handlers, MessageReceived.kind, registered)
    return registered


def test_one_bad_handler_does_not_hold_up_the_others(
    handlers: dict[str, events.BatchHandler],
) -> None:
    def bad(batch: Sequence[MessageReceived]) -> None:
        Team.objects.create(name="half-done")
        raise KeyError("bug")

    def good(batch: Sequence[MessageReceived]) -> None:
        Team.objects.create(name="done")

    handlers.update(bad=bad, good=good)
    make_message()
    drain_batch()
    assert Team.objects.filter(name="done").exists()
    assert not Team.objects.filter(name="half-done").exists()
    [owed] = OutboxEntry.objects.all()
    assert (owed.handler, owed.attempts) == ("bad", 1)
    assert "bug" in owed.error


def test_one_poison_event_does_not_hold_up_its_batch(
    handlers: dict[str, events.BatchHandler],
) -> None:
    served: list[int] = []

    def handler(batch: Sequence[MessageReceived]) -> None:
        if poison in [event.message_id for event in batch]:
            raise ValueError("poison")
        served.extend(event.message_id for event in batch)

    handlers["handler"] = handler
    messages = [make_message() for _ in range(5)]
    poison = messages[2].pk
    assert drain_batch() == 5
    assert sorted(served) == sorted(m.pk for m in messages if m.pk != poison)
    assert OutboxEntry.objects.count() == 1


def test_an_entry_that_keeps_failing_is_parked_for_an_operator(
    handlers: dict[str, events.BatchHandler],
) -> None:
    def bad(batch: Sequence[MessageReceived]) -> None:
        raise KeyError("bug")

    handlers["bad"] = bad
    make_message()
    OutboxEntry.objects.update(attempts=MAX_ATTEMPTS - 1)
    drain_batch()
    assert OutboxEntry.objects.parked().count() == 1
    assert drain_batch() == 0


def test_publishing_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        events.publish(MessageReceived(ticket_id=1, message_id=1))


def test_an_event_comes_back_as_it_was_published() -> None:
    make_message()
    record = Event.objects.get(kind="message.received")
    assert isinstance(events.revive(record), MessageReceived)
