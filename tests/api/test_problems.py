"""Every error has one shape, and no bad input is a 500."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from api import access
from api.codes import TITLES
from tests.api.conftest import Api, ticket_body
from tests.factories import make_ticket
from tickets.models import Inbox

SHAPE = {"type", "title", "status", "detail", "instance", "request_id", "errors"}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert set(told) == SHAPE
    assert told["status"] == status
    assert told["type"].endswith(f"/api/v1/errors/{code}")
    assert told["request_id"] == answer["X-Request-ID"]
    assert TITLES[code][0] == status
    for error in told["errors"]:
        assert set(error) == {"code", "detail", "pointer"}
    return told


def test_each_way_to_go_wrong_is_told(api: Api) -> None:
    problem(Api().get("tickets"), 401, "not_authenticated")
    problem(Api().get("tickets", Authorization="Bearer a"), 401, "invalid_token")
    problem(api.get("nowhere"), 404, "not_found")
    problem(api.client.get("/api/"), 404, "not_found")
    problem(api.client.post("/api/v2/tickets"), 404, "not_found")
    problem(api("DELETE", f"tickets/{make_ticket().reference}"), 405, "method_not_allowed")
    problem(api("OPTIONS", "tickets"), 405, "method_not_allowed")
    problem(api.get("tickets", Accept="text/html"), 406, "not_acceptable")
    problem(api.get("tickets?colour=red"), 400, "invalid_parameter")
    problem(api.get("tickets?limit=101"), 400, "invalid_parameter")
    problem(api.get("tickets?ordering=subject"), 400, "invalid_parameter")
    problem(api.get("tickets?status=odd"), 400, "invalid_parameter")
    problem(api.get("tickets?cursor=odd"), 400, "invalid_cursor")
    problem(api.post("tickets?limit=1", ticket_body()), 400, "invalid_parameter")
    problem(api.post("tickets", ticket_body(colour=1)), 422, "validation_error")


def test_several_faults_are_told_at_once(api: Api) -> None:
    body = ticket_body(requester={"email": "no", "age": 7}, tags=["a", ""], priority="odd")
    told = problem(api.post("tickets", body), 422, "validation_error")
    assert {error["pointer"] for error in told["errors"]} >= {
        "/requester/age",
        "/tags/1",
        "/priority",
    }


def _raw(api: Api, body: bytes, content_type: str = "application/json") -> Any:
    return api.client.post(
        "/api/v1/tickets", data=body, content_type=content_type, headers=api.headers
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "validation_error"),
        (b"{", 400, "malformed"),
        (b"[]", 400, "malformed"),
        (b'"a"', 400, "malformed"),
        (b'{"text": NaN}', 400, "malformed"),
        (b'{"text": 1e999999}', 422, "validation_error"),
        (b'{"a": ' + b"9" * 5000 + b"}", 400, "malformed"),
        (b"\xff\xfe{}", 400, "malformed"),
        (b"[" * 100_000, 400, "malformed"),
        (b'{"a":' * 100_000, 400, "malformed"),
        (b'{"a":"' + b"x" * 1_100_000 + b'"}', 413, "too_large"),
        (json.dumps({str(n): n for n in range(20_000)}).encode(), 422, "validation_error"),
    ],
)
def test_broken_bodies_are_refused(api: Api, body: bytes, status: int, code: str) -> None:
    problem(_raw(api, body), status, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "odd"])
def test_other_kinds_of_body_are_refused(api: Api, kind: str) -> None:
    problem(_raw(api, b"a=b", kind), 415, "unsupported_media_type")


def test_a_fault_of_ours_is_a_plain_500_and_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("the secret is kettle")

    monkeypatch.setattr(access, "teams", broken)
    told = problem(api.get("teams"), 500, "internal_error")
    assert "kettle" not in str(told)


def test_a_database_that_is_away_is_a_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(access, "teams", gone)
    answer = api.get("teams")
    problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == "5"


def test_a_token_has_a_rate_and_is_told_what_is_left(api: Api, settings: Any) -> None:
    settings.HARBOUR_API_RATE = 3
    answers = [api.get("teams") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"token";q=3;w=60'
    assert answers[0]["RateLimit"].startswith('"token";r=2;t=')
    problem(answers[3], 429, "rate_limited")
    assert 1 <= int(answers[3]["Retry-After"]) <= 64
    assert answers[3]["RateLimit"].startswith('"token";r=0;t=')


def test_errors_come_in_the_callers_language(api: Api) -> None:
    told = api.get("tickets?limit=0", Accept_Language="zh-hans").json()
    assert told["status"] == 400


def test_a_problems_type_leads_to_a_word_on_it(desk: Inbox) -> None:
    for code, (status, title) in TITLES.items():
        assert Api().get(f"errors/{code}").json() == {
            "code": code,
            "status": status,
            "title": str(title),
        }
    problem(Api().get("errors/odd"), 404, "not_found")
