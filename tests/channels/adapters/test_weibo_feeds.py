"""Comments and mentions are found once each, however many there are and wherever a look ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from channels.base import Polled
from channels.happenings import Revoked
from support import http
from tests.channels.adapters.test_weibo import ADAPTER, comment, make, parse


class Lists:
    """Weibo's lists: the newest first, between two ids, so many at once."""

    def __init__(self) -> None:
        self.comments: list[int] = []
        self.asked: list[dict[str, str]] = []
        self.fails_after = 10_000
        self.refusal: dict[str, Any] = {}

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, object]:
        self.asked.append(query)
        if self.refusal:
            return 400, self.refusal
        if len(self.asked) > self.fails_after:
            return 503, "away"
        since, below = int(query["since_id"]), int(query["max_id"])
        new = [n for n in self.comments if n > since and (not below or n <= below)]
        found = sorted(new, reverse=True)[: int(query["count"])] if "to_me" in path else []
        name = "statuses" if "statuses" in path else "comments"
        return 200, {name: [comment(number) for number in found]}


@pytest.fixture
def lists(settings: Any) -> Iterator[Lists]:
    lists = Lists()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            status, said = lists.answer(asked.path, dict(parse_qsl(asked.query)))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.HARBOUR_PROVIDERS = {"*": f"http://127.0.0.1:{server.server_port}"}
    settings.HARBOUR_PRIVATE_HOSTS = ["127.0.0.1"]
    yield lists
    server.shutdown()
    server.server_close()


def look(cursor: str) -> Polled:
    polled = ADAPTER.poll(cursor)
    assert polled is not None
    assert len(polled.cursor) <= 255
    return polled


def ids(*looks: Polled) -> list[int]:
    return [json.loads(body)["comment"]["id"] for each in looks for body in each.bodies]


def test_what_was_said_before_opens_no_tickets(lists: Lists) -> None:
    lists.comments = [100, 101]
    first = look("")
    assert first.bodies == ()
    lists.comments += [102, 103]
    second = look(first.cursor)
    assert ids(second) == [103, 102]
    assert parse(second.bodies[0])[0].external_id == "comment:103"
    assert ids(look(second.cursor)) == []


def test_a_list_that_was_empty_begins_at_its_beginning(lists: Lists) -> None:
    first = look("")
    lists.comments = [5]
    assert ids(look(first.cursor)) == [5]


def test_more_than_one_look_takes_is_read_by_the_next(lists: Lists) -> None:
    lists.comments = [1]
    cursor = look("").cursor
    lists.comments += list(range(4_000_000_000_000_000, 4_000_000_000_002_500))
    looks = [look(cursor)]
    assert len(looks[0].bodies) == 1000
    lists.comments.append(4_000_000_000_009_999)  # comes while the rest is still unread
    while looks[-1].bodies:
        looks.append(look(looks[-1].cursor))
    found = ids(*looks)
    assert sorted(found) == sorted(lists.comments[1:])
    assert ids(look(looks[-1].cursor)) == []


def test_a_look_that_ends_early_is_taken_up_again(lists: Lists) -> None:
    lists.comments = [1]
    cursor = look("").cursor
    lists.comments += list(range(1000, 1500))
    lists.fails_after = len(lists.asked) + 2
    early = look(cursor)
    assert len(early.bodies) == 400
    lists.fails_after = 10_000
    assert set(ids(early, look(early.cursor))) == set(range(1000, 1500))


def test_a_look_that_finds_nothing_but_trouble_says_so(lists: Lists) -> None:
    lists.fails_after = 0
    with pytest.raises(http.Unreachable):
        ADAPTER.poll("")
    lists.refusal = {"error": "User requests out of rate limit!", "error_code": 10023}
    with pytest.raises(http.Unreachable):
        ADAPTER.poll("")


def test_a_token_that_is_no_longer_good_asks_for_somebody(lists: Lists) -> None:
    lists.refusal = {"error": "expired_token", "error_code": 21327}
    polled = look("")
    [told] = [each for body in polled.bodies for each in parse(body)]
    assert (type(told), told.reason) == (Revoked, "21327 expired_token")
    [again] = [each for body in look(polled.cursor).bodies for each in parse(body)]
    assert again.external_id == told.external_id
    assert "comments-token" not in polled.bodies[0].decode()


def test_without_a_token_nothing_is_asked() -> None:
    assert make(account_token="").poll("") is None
