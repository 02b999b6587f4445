"""The short way for the look-ups: the same answer, whole."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest

from support import asgi
from support.lane import Lane


class Parts:
    """An application whose answer comes in pieces and must be closed."""

    is_closed = False

    def __call__(self, environ: dict[str, Any], start: Any) -> Parts:
        start("404 Not Found", [("X-Asked", environ["PATH_INFO"] + environ["HTTP_X_NAME"])])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"one ", b"two")

    def close(self) -> None:
        self.is_closed = True


def scope(path: str, method: str = "GET") -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(b"x-name", b"Ann")],
        "client": ("203.0.113.9", 1234),
    }


def test_an_answer_in_parts_leaves_whole_and_is_closed() -> None:
    application, sent = Parts(), []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    asyncio.run(Lane(application, threads=1)(scope("/status/1/"), send))
    assert sent == [
        {"type": "http.response.start", "status": 404, "headers": [(b"x-asked", b"/status/1/Ann")]},
        {"type": "http.response.body", "body": b"one two"},
    ]
    assert application.is_closed


@pytest.mark.parametrize(
    ("path", "is_look_up"),
    [
        ("/status/4829137304562/", True),
        ("/status/4829-1373-0456-2", True),
        ("/api/v1/status/4829137304562", True),
        ("/api/v1/status/4829137304562/", True),
        ("/status/", False),
        ("/status/4829137304562/conversation/", False),
        ("/status/4829137304562/files/0/", False),
        ("/api/v1/tickets/4829137304562", False),
        ("/x/status/4829137304562/", False),
    ],
)
def test_only_look_ups_take_it(path: str, is_look_up: bool) -> None:
    assert asgi.is_look_up(scope(path)) is is_look_up
    assert not asgi.is_look_up(scope(path, "POST"))
