"""Calls as Meta makes them, and a Graph API that answers what a test tells it to."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from django.utils import timezone

from channels.base import Adapter, OutboundFile, OutboundMessage, RawCall, Result, WebhookCall
from channels.happenings import Inbound
from tickets import files

SECRET, TOKEN, WORD = "app-secret", "EAAtoken", "our-word"
SETTINGS = {"app_secret": SECRET, "access_token": TOKEN, "verify_token": WORD}
IDS = {
    "whatsapp": {"phone_number_id": "106540352242922"},
    "messenger": {"page_id": "4711"},
    "page_comments": {"page_id": "4711"},
    "instagram": {"instagram_id": "17841400000000001"},
}


def make(kind: str, **values: Any) -> Adapter:
    return Adapter.registry[kind](**{**SETTINGS, **IDS[kind], **values})


def parse(adapter: Adapter, body: object) -> list[Inbound]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(adapter.parse(RawCall(body=raw, meta={}, receipt_id=7)))


def call(body: bytes = b"", secret: str = SECRET, **values: Any) -> WebhookCall:
    proof = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
    given: dict[str, Any] = {
        "method": "POST",
        "query": {},
        "headers": {"X-Hub-Signature-256": proof},
    } | values
    url = "https://desk.example.com/hooks/x/"
    return WebhookCall(url=url, body=body, at=timezone.now(), **given)


def outbound(text: str = "Hello", **values: Any) -> OutboundMessage:
    known: dict[str, Any] = {"key": 1, "to": "U1", "thread": "U1", "external_id": "own-1"} | values
    return OutboundMessage(text=text, **known)


def ago(**values: float) -> Any:
    return timezone.now() - timedelta(**values)


def file(name: str, content_type: str, content: bytes = b"bytes") -> OutboundFile:
    return OutboundFile(name=name, content_type=content_type, key=files.keep(content))


def refused(code: int, subcode: int = 0, words: str = "no", **more: Any) -> dict[str, Any]:
    error = {"message": words, "type": "OAuthException", "code": code, "fbtrace_id": "x"} | more
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}


@dataclass
class Asked:
    """One call that we made. ``path`` begins with the host it was meant for."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Graph:
    """Answers in the order that it was told; the last answer again and again."""

    url: str = ""
    calls: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)

    def will(self, *answers: object, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for answer in answers:
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.answers.append((status, raw, named))

    def send(self, adapter: Adapter, *messages: OutboundMessage) -> Result:
        return next(iter(adapter.send(messages)))


@contextmanager
def running_graph(settings: Any) -> Iterator[Graph]:
    graph = Graph()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond()

        def do_POST(self) -> None:
            self.respond()

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            graph.calls.append(Asked(self.command, self.path[1:], dict(self.headers), body))
            queue = graph.answers
            status, raw, headers = queue.pop(0) if len(queue) > 1 else queue[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    graph.url = f"http://127.0.0.1:{server.server_port}"
    settings.HARBOUR_PROVIDERS = {"*": graph.url}
    settings.HARBOUR_PRIVATE_HOSTS = ["127.0.0.1"]
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
