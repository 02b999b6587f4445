"""The whole web process for browser tests: pages and live streams, and the relay behind them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from django.db import connections

from support import relay
from support.asgi import application


@contextmanager
def running_web() -> Iterator[str]:
    """Serve the test database by uvicorn in this process; gives the address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def running_desk() -> Iterator[str]:
    """The web process with the relay behind it, so that pages hear what happens."""
    stop = threading.Event()
    thread = threading.Thread(target=_relay, args=[stop], daemon=True)
    with running_web() as url:
        thread.start()
        try:
            yield url
        finally:
            stop.set()
            thread.join(10)


def _relay(stop: threading.Event) -> None:
    try:
        relay.run(stop.is_set)
    finally:
        connections.close_all()
