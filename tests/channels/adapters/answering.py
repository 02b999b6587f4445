"""A provider that answers what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

from channels.base import Adapter, OutboundMessage, Result


@dataclass
class Call:
    """One call that we made. ``path`` begins with the host it was meant for."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)


@dataclass
class Provider:
    """``calls`` are those it got; the last answer goes on for ever."""

    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)

    def will(self, answer: object, status: int = 200, **headers: str) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, body, named))

    def send(self, adapter: Adapter, message: OutboundMessage) -> Result:
        return next(iter(adapter.send([message])))

    def answer(self, call: Call) -> tuple[int, bytes, dict[str, str]]:
        self.calls.append(call)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def answering_provider(settings: Any) -> Iterator[Provider]:
    """Every provider's host leads here."""
    provider = Provider()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            call = Call(self.command, self.path[1:], dict(self.headers.items()), body)
            status, said, headers = provider.answer(call)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.HARBOUR_PROVIDERS = {"*": f"http://127.0.0.1:{server.server_port}"}
    settings.HARBOUR_PRIVATE_HOSTS = ["127.0.0.1"]
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def outbound(text: str = "Hello", **values: Any) -> OutboundMessage:
    known: dict[str, Any] = {"key": 1, "to": "U1", "thread": "", "external_id": "own-1"} | values
    return OutboundMessage(text=text, **known)
