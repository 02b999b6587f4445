"""Pages go on where the last one ended, whatever comes in between, and bad cursors are told."""

import base64
import json
import time
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Api
from tests.factories import make_message, make_ticket
from tickets.models import Inbox, Ticket


def _walk(api: Api, path: str, *, between: Any = lambda: None) -> list[str]:
    found: list[str] = []
    following: str | None = path
    while following:
        page = api.get(following).json()
        assert page["has_more"] == (page["next"] is not None)
        assert page["previous"] is None
        found += [row["reference"] for row in page["data"]]
        between()
        if page["next"]:
            parts = urlsplit(page["next"])
            following = f"{parts.path.removeprefix('/api/v1/')}?{parts.query}"
        else:
            following = None
    return found


@pytest.mark.parametrize("ordering", ["-active_at", "active_at", "created_at", "-created_at"])
def test_pages_show_every_ticket_once_in_order(api: Api, desk: Inbox, ordering: str) -> None:
    tickets = [make_ticket(desk) for _ in range(7)]
    same = timezone.now()
    Ticket.objects.filter(pk__in=[t.pk for t in tickets[2:5]]).update(active_at=same)
    column = {"active_at": "active_at", "created_at": "pk"}[ordering.lstrip("-")]
    rows = sorted(Ticket.objects.all(), key=lambda t: (getattr(t, column), t.pk))
    rows = rows[::-1] if ordering.startswith("-") else rows
    expected = [t.reference for t in rows]
    for size in (1, 2, 3, 7, 100):
        assert _walk(api, f"tickets?ordering={ordering}&limit={size}&status=new") == expected


def test_what_comes_in_between_neither_hides_nor_repeats_a_row(api: Api, desk: Inbox) -> None:
    tickets = [make_ticket(desk) for _ in range(6)]
    found = _walk(api, "tickets?limit=2", between=lambda: make_ticket(desk))
    assert found == [ticket.reference for ticket in reversed(tickets)]


def test_no_page_counts_or_skips_rows(api: Api, desk: Inbox) -> None:
    for _ in range(5):
        make_ticket(desk)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        _walk(api, "tickets?limit=2")
    said = " ".join(query["sql"] for query in queries.captured_queries).upper()
    assert "OFFSET" not in said
    assert "COUNT(" not in said


def test_messages_come_in_pages_too(api: Api, desk: Inbox) -> None:
    ticket = make_ticket(desk)
    for _ in range(4):
        make_message(desk, ticket_id=ticket.pk)
    page = api.get(f"tickets/{ticket.reference}/messages?limit=3").json()
    cursor = page["next"].split("cursor=")[1].split("&")[0]
    rest = api.get(f"tickets/{ticket.reference}/messages?limit=3&cursor={cursor}").json()
    ids = [row["id"] for row in page["data"] + rest["data"]]
    assert ids == sorted(ids)
    assert len(set(ids)) == 5


def _cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


BAD = [
    "x", "%00", "é", "A" * 5000, _cursor(), _cursor("-active_at"),
    _cursor("-active_at", "2027-01-01", 1, 2), _cursor("id", 1), _cursor("created_at", 1),
    _cursor("-active_at", "0001-01-01T00:00:00+14:00", 1), _cursor("-active_at", 5, 1),
    _cursor("-active_at", "2027-01-01T00:00:00+00:00", "1"),
    _cursor("-active_at", "2027-01-01T00:00:00+00:00", 2**63),
    _cursor("-active_at", "2027-01-01T00:00:00+00:00", -1),
    _cursor("-active_at", "2027-01-01T00:00:00+00:00", True),
    _cursor("-active_at", "2027-01-01T00:00:00+00:00", 1.5),
    base64.urlsafe_b64encode(b"[" * 200).decode(),
    base64.urlsafe_b64encode(b"{}").decode(), base64.urlsafe_b64encode(b"7").decode(),
]  # fmt: skip


@pytest.mark.parametrize("cursor", BAD)
def test_a_bad_cursor_is_a_400(api: Api, cursor: str) -> None:
    answer = api.get(f"tickets?cursor={cursor}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["type"].endswith("invalid_cursor")


NAMES = st.sampled_from(
    [
        "status",
        "priority",
        "assignee",
        "team",
        "inbox",
        "tag",
        "category",
        "requester_email",
        "created_after",
        "created_before",
        "updated_after",
        "q",
        "cursor",
        "limit",
        "ordering",
    ]
)
HOSTILE = st.sampled_from(
    ["' OR 1=1 --", "1; DROP TABLE tickets_ticket", "pg_sleep(9)", "\x00", "%", "_", "\\",
     "9" * 40, "-1", "1e9", "٣", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
     "2027-01-01", "now", "open," * 50, "none", "me", "$(id)", "{{7*7}}", "\ud83d\ude00"]
)  # fmt: skip


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(NAMES, st.one_of(HOSTILE, st.text(max_size=30))), max_size=4))
def test_no_parameter_is_ever_a_500(api: Api, asked: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in asked)
    started = time.monotonic()
    answer = api.get(f"tickets?{query}")
    assert answer.status_code in (200, 400, 429), (query, answer.content)
    assert time.monotonic() - started < 5  # "pg_sleep(9)" would show, a busy machine not


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
FIELDS = st.sampled_from(
    [
        "requester",
        "subject",
        "text",
        "inbox",
        "category",
        "language",
        "priority",
        "tags",
        "attachments",
        "status",
        "team",
        "assignee",
        "follow_up_at",
        "follow_up_why",
        "direction",
        "sender",
        "email",
        "name",
    ]
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(FIELDS, JSON, max_size=5), st.sampled_from(range(5)))
def test_no_body_is_ever_a_500(api: Api, desk: Inbox, body: dict[str, Any], where: int) -> None:
    ticket = Ticket.objects.first() or make_ticket(desk)
    path = f"tickets/{ticket.reference}"
    method, address = [
        ("POST", "tickets"),
        ("PATCH", path),
        ("POST", f"{path}/messages"),
        ("POST", "contacts"),
        ("PATCH", f"contacts/{ticket.requester_id}"),
    ][where]
    whole = {"direction": "note", "text": "a"} | body if where == 2 else body
    answer = api(method, address, whole)
    assert answer.status_code in (200, 201, 400, 409, 422, 429), answer.content
