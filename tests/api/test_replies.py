"""Replies by the API: to whom, when, and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from people.operations import Address
from support import outbox
from tests.api.conftest import Api, NewApi, api_with
from tests.factories import make_agent, make_ticket
from tests.sink import Sink
from tests.working import work
from tickets import files
from tickets.models import Inbox, Message, Status, Ticket
from tickets.operations import side_threads
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db

CARL = {"email": "Carl@Example.net", "name": "Carl"}


@pytest.fixture
def ticket(desk: Inbox) -> Ticket:
    return make_ticket(desk)


def said(ticket: Ticket, **values: Any) -> tuple[str, dict[str, Any]]:
    return f"tickets/{ticket.reference}/messages", {
        "direction": "outbound", "text": "Hello", **values,
    }  # fmt: skip


def test_a_reply_names_its_recipients_and_tells_what_became_of_each(
    sink: Sink, api: Api, ticket: Ticket
) -> None:
    answer = api.post(*said(ticket, cc=[CARL], bcc=[{"email": "eva@example.net"}]))
    assert answer.status_code == 201
    made = answer.json()
    assert made["to"] == [{"name": "Ann", "email": "ann@example.org"}]
    assert made["cc"] == [{"name": "Carl", "email": "carl@example.net"}]
    assert made["bcc"] == [{"name": "", "email": "eva@example.net"}]
    outbox.drain_batch()
    read = api.get(f"tickets/{ticket.reference}/messages/{made['id']}").json()
    assert [(each["to"], each["status"]) for each in read["deliveries"]] == [
        ("ann@example.org", "queued"), ("carl@example.net", "queued"), ("eva@example.net", "queued"),
    ]  # fmt: skip


def test_a_reply_can_wait_and_be_taken_back(api: Api, ticket: Ticket) -> None:
    at = (timezone.now() + timedelta(hours=2)).isoformat()
    made = api.post(*said(ticket, send_at=at, status="solved", unless_answered=True)).json()
    assert made["send_at"]
    ticket.refresh_from_db()
    assert ticket.status == Status.NEW
    path = f"tickets/{ticket.reference}/messages/{made['id']}"
    assert api("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    assert api("DELETE", path).status_code == 404
    assert api.get(f"tickets/{ticket.reference}/messages").json()["data"][-1]["id"] != made["id"]


@override_settings(HARBOUR_UNDO_SECONDS=0)
@pytest.mark.django_db(transaction=True)
def test_what_is_sent_is_not_taken_back(sink: Sink, api: Api, ticket: Ticket) -> None:
    made = api.post(*said(ticket)).json()
    work()
    answer = api("DELETE", f"tickets/{ticket.reference}/messages/{made['id']}")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/refused")


@pytest.mark.parametrize(
    "wrong",
    [
        {"cc": "carl@example.net"},
        {"cc": [{"email": "carl"}]},
        {"cc": [CARL] * 101},
        {"to": [CARL] * 60, "cc": [{"email": f"p{n}@example.net"} for n in range(99)] + [CARL]},
        {"send_at": "tomorrow"},
        {"send_at": "2020-01-01T00:00:00Z"},
        {"direction": "note", "cc": [CARL]},
        {"direction": "note", "send_at": "2040-01-01T00:00:00Z"},
    ],
)
def test_what_makes_no_sense_is_refused(api: Api, ticket: Ticket, wrong: dict[str, Any]) -> None:
    answer = api.post(*said(ticket, **wrong))
    assert answer.status_code == 422 or "to" in wrong
    if answer.status_code == 422:
        assert not Message.objects.filter(direction="outbound").exists()


def test_who_may_not_reply_may_not_take_back(api: Api, ticket: Ticket, desk: Inbox) -> None:
    made = api.post(*said(ticket)).json()
    reader: NewApi = api_with
    path = f"tickets/{ticket.reference}/messages/{made['id']}"
    assert reader("tickets:read", "notes:write")("DELETE", path).status_code == 403
    assert reader("messages:write")("DELETE", path).status_code == 204
    other = make_ticket(desk, sender=Address.email("bob@example.org"))
    assert api("DELETE", f"tickets/{other.reference}/messages/{made['id']}").status_code == 404


def test_side_threads_and_what_was_taken_back_are_not_told(api: Api, ticket: Ticket) -> None:
    agent = make_agent()
    aside = side_threads.begin(
        ticket, Address.email("s@supplier.example"), "ASIDE", actor=agent,
        files=[files.store("aside.txt", b"ASIDE")],
    )  # fmt: skip
    reply(ticket, "public", actor=agent)
    listed = api.get(f"tickets/{ticket.reference}/messages")
    assert "ASIDE" not in listed.content.decode()
    assert "public" in listed.content.decode()
    assert api.get(f"tickets/{ticket.reference}/messages/{aside.pk}").status_code == 404
    file = aside.attachments.get()
    assert api.get(f"attachments/{file.public_id}").status_code == 404
