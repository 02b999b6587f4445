"""The plain state by number: public, little, and closed to guessers."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError

from api.status import PlainStatusShape, _told
from tests.api.conftest import Api
from tests.factories import make_ticket
from tickets import reference
from tickets.models import Inbox, Status
from tickets.operations.lifecycle import merge, set_status
from tickets.plain_status import plain_status


def test_the_number_tells_the_plain_state_and_no_more(desk: Inbox) -> None:
    ticket = make_ticket(desk, subject="Canary", text="Canary")
    answer = Api().get(f"status/{ticket.number}")
    assert answer.status_code == 200
    assert set(answer.json()) == {
        "reference", "state", "updated_on", "next_reply_due_at", "must_act",
    }  # fmt: skip
    assert answer.json()["state"] == "received"
    assert answer["Cache-Control"] == "no-store"
    for secret in (b"Canary", b"Ann", b"ann@example.org", b"Front desk"):
        assert secret not in answer.content
    set_status(ticket, Status.PENDING, actor=None)
    told = Api().get(f"status/{ticket.reference}/").json()
    assert (told["state"], told["must_act"]) == ("waiting_for_you", True)


def test_a_merged_number_stays_valid(desk: Inbox) -> None:
    old, new = make_ticket(desk), make_ticket(desk)
    merge(old, new, actor=None)
    assert Api().get(f"status/{old.reference}").status_code == 200


def test_five_wrong_numbers_close_it_to_that_client_only(desk: Inbox) -> None:
    ticket = make_ticket(desk)
    for _ in range(5):
        assert Api().get(f"status/{ticket.reference}").status_code == 200
        assert Api().get(f"status/{reference.new()}").status_code == 404
    refused = Api().get(f"status/{ticket.reference}")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 16 * 60
    other = Api()
    other.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert other.get(f"status/{ticket.reference}").status_code == 200


def test_sixty_a_minute_is_enough_for_a_client(desk: Inbox) -> None:
    path = f"status/{make_ticket(desk).reference}"
    answers = [Api().get(path) for _ in range(62)]
    assert [a.status_code for a in answers].count(429) == 2
    assert answers[0]["RateLimit-Policy"] == '"client";q=60;w=60'


def test_a_forwarded_address_from_a_stranger_is_not_believed(desk: Inbox) -> None:
    for n in range(6):
        answer = Api().get(f"status/{reference.new()}", X_Forwarded_For=f"203.0.113.{n}")
    assert answer.status_code == 429


@pytest.mark.parametrize("number", ["1", "%00", "x" * 900, "4829-1373-0456-7", "☎"])
def test_what_is_no_number_is_a_404(desk: Inbox, number: str) -> None:
    answer: Any = Api().get(f"status/{number}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_what_is_written_by_hand_is_what_the_contract_describes(desk: Inbox) -> None:
    found = plain_status(make_ticket(desk).reference)
    assert found is not None
    assert _told(found) == dict(PlainStatusShape(found).data)


@pytest.mark.parametrize("known", [True, False])
def test_a_call_that_drf_answers_is_answered_the_same(desk: Inbox, known: bool) -> None:
    path = f"status/{make_ticket(desk).reference if known else reference.new()}"
    plain, weighed = Api().get(path), Api().get(path, Accept="application/json;q=0.5")
    assert plain.status_code == weighed.status_code == (200 if known else 404)
    assert without_id(plain.json()) == without_id(weighed.json())
    assert len(plain.content) == len(weighed.content)
    for name in ("Content-Type", "Cache-Control", "RateLimit-Policy", "Vary"):
        assert plain[name] == weighed[name]


def without_id(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "request_id"}


def test_a_call_that_is_not_plain_is_refused_in_the_same_shape(desk: Inbox) -> None:
    path = f"status/{make_ticket(desk).reference}"
    answers = [
        Api().get(f"{path}?x=1"),
        Api().get(path, Accept="text/html"),
        Api().post(path, {}),
    ]
    assert [each.json()["status"] for each in answers] == [400, 406, 405]


def test_an_outage_is_told_as_a_problem(desk: Inbox) -> None:
    with patch("api.status.plain_status", side_effect=OperationalError):
        answer = Api().get(f"status/{reference.new()}")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"] == "5"
