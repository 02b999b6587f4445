"""A POST with a key is done once: for a patient client, an impatient one, and twenty at once."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from api import changes, idempotency, tasks
from api.models import IdempotentCall
from tests.api.conftest import Api, api_with, ticket_body
from tests.factories import make_account, make_ticket
from tickets.models import Message, Ticket


def test_the_second_call_gets_the_first_ones_answer(api: Api) -> None:
    first = api.post("tickets", ticket_body(), Idempotency_Key="order-1")
    second = api.post("tickets/", ticket_body(), Idempotency_Key="order-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert second["Location"] == first["Location"]
    assert Ticket.objects.count() == 1


def test_a_key_belongs_to_its_token_and_its_request(api: Api) -> None:
    api.post("tickets", ticket_body(), Idempotency_Key="k")
    other = api.post("tickets", ticket_body(text="Other"), Idempotency_Key="k")
    assert (other.status_code, other.json()["type"].split("/")[-1]) == (422, "key_reused")
    elsewhere = api.post("contacts", {"email": "a@example.org"}, Idempotency_Key="k")
    assert elsewhere.status_code == 422
    stranger = api_with("tickets:write").post("tickets", ticket_body(), Idempotency_Key="k")
    assert stranger.status_code == 201
    assert "Idempotency-Replayed" not in stranger
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", "a\tb"])
def test_an_unusable_key_is_refused(api: Api, key: str) -> None:
    answer = api.post("tickets", ticket_body(), Idempotency_Key=key)
    assert answer.status_code == 400
    assert not Ticket.objects.exists()


def test_a_call_in_flight_is_told_to_wait_and_an_abandoned_one_is_taken_over(api: Api) -> None:
    api.post("tickets", ticket_body(), Idempotency_Key="k")
    call = IdempotentCall.objects.get()
    later = timezone.now() + timedelta(seconds=60)
    IdempotentCall.objects.create(
        token=call.token, key="dead", fingerprint=call.fingerprint, leased_until=later
    )
    waiting = api.post("tickets", ticket_body(), Idempotency_Key="dead")
    assert (waiting.status_code, waiting["Retry-After"]) == (409, "1")
    IdempotentCall.objects.filter(key="dead").update(leased_until=timezone.now())
    again = api.post("tickets", ticket_body(), Idempotency_Key="dead")
    assert again.status_code == 201
    assert IdempotentCall.objects.get(key="dead").status == 201
    assert Ticket.objects.count() == 2


def test_what_was_refused_leaves_the_key_free(api: Api) -> None:
    assert api.post("tickets", {}, Idempotency_Key="k").status_code == 422
    assert not IdempotentCall.objects.exists()
    assert api.post("tickets", ticket_body(), Idempotency_Key="k").status_code == 201


def test_work_whose_call_was_taken_over_is_undone(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = changes.add_message

    def slow(*args: Any, **kwargs: Any) -> Message:
        message = add(*args, **kwargs)
        IdempotentCall.objects.update(claim="00000000-0000-0000-0000-000000000001")
        return message

    ticket = make_ticket()
    monkeypatch.setattr(changes, "add_message", slow)
    body = {"direction": "note", "text": "once"}
    answer = api.post(f"tickets/{ticket.reference}/messages", body, Idempotency_Key="k")
    assert answer.status_code == 409
    assert not Message.objects.filter(direction="note").exists()


def test_old_calls_are_forgotten(api: Api) -> None:
    api.post("tickets", ticket_body(), Idempotency_Key="k")
    tasks.prune()
    assert IdempotentCall.objects.count() == 1
    IdempotentCall.objects.update(created_at=timezone.now() - timedelta(hours=25))
    other = api.post("tickets", ticket_body(text="New day"), Idempotency_Key="k")
    assert other.status_code == 201
    assert other.json()["preview"] == "New day"
    IdempotentCall.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.prune(timezone.now()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["ticket", "reply"])
def test_twenty_at_once_make_one(kind: str) -> None:
    make_account()
    api = api_with("tickets:read", "tickets:write", "messages:write")
    path, body = "tickets", ticket_body()
    if kind == "reply":
        path = f"tickets/{make_ticket().reference}/messages"
        body = {"direction": "outbound", "text": "Try this."}
    before = Message.objects.count()
    start = threading.Barrier(20)
    statuses: list[int] = []
    bodies: set[bytes] = set()

    def call() -> None:
        start.wait()
        for _ in range(100):
            answer = api.post(path, body, Idempotency_Key="race")
            if answer.status_code != 409:
                break
        statuses.append(answer.status_code)
        bodies.add(answer.content)
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(statuses) == {201: 20}
    assert len(bodies) == 1
    assert Message.objects.count() == before + 1
    connection.close()
