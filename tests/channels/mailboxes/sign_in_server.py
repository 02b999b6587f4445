"""A small OAuth server on loopback: it gives tokens as Google and Microsoft do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class SignInServer:
    """What was asked, in order. ``refusal`` is answered in the place of tokens."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.life = 3600
        self.wait = 0.0
        self.rotates = True
        self.gives_refresh_token = True
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.asked.append(form)
            number = len(self.asked)
        time.sleep(self.wait)
        if self.refusal is not None:
            return self.refusal
        said = {"access_token": f"access-{number}", "token_type": "Bearer", "expires_in": self.life}
        first = form["grant_type"] == "authorization_code"
        if self.gives_refresh_token and (first or self.rotates):
            said["refresh_token"] = f"refresh-{number}"
        return 200, said


@contextmanager
def running() -> Iterator[SignInServer]:
    server = SignInServer()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            status, said = server.answer({**form, "path": self.path})
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    door = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.url = f"http://127.0.0.1:{door.server_port}"
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        door.shutdown()
        thread.join()
        door.server_close()
