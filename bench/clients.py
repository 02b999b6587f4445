"""The web server as `./harbour up` starts it, and clients that cost next to nothing."""

from __future__ import annotations

import itertools
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Thread

from bench.stage import Processes, free_port, wait_for_port

#: The address of the view that does nothing (urls.py).
EMPTY = "/bench/empty"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_addresses = itertools.count(1)


def start_web(processes: Processes) -> int:
    """Its port. One process, as the product has."""
    port = free_port()
    child = processes.start(
        "web", "-m", "uvicorn", "support.asgi:application", "--host", "127.0.0.1",
        "--port", str(port), "--no-access-log", "--log-level", "warning",
        DJANGO_SETTINGS_MODULE="bench.settings",
    )  # fmt: skip
    wait_for_port(port, child)
    return port


class WrongAnswer(Exception):
    """The server did not answer 200."""


class Client:
    """One kept-alive connection. Each request seems to come from a client of its own."""

    def __init__(self, port: int, headers: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._headers = headers

    def get(self, path: str) -> bytes:
        """The body of a 200; whatever else raises ``WrongAnswer``."""
        n = next(_addresses)
        request = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n"
            f"X-Forwarded-For: 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\r\n{self._headers}\r\n"
        )
        self._socket.sendall(request.encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(path)
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise WrongAnswer(f"{path}: {head[:200]!r}")
        found = _LENGTH.search(head)
        wanted = int(found[1]) if found else 0
        while len(body) < wanted:
            body += self._more(path)
        return body

    def _more(self, path: str) -> bytes:
        data = self._socket.recv(262_144)
        if not data:
            raise WrongAnswer(f"{path}: the server hung up")
        return data

    def close(self) -> None:
        self._socket.close()


@dataclass
class Rate:
    """What some clients got done in a time."""

    seconds: float
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return round(len(self.times) / self.seconds, 1)


def press(port: int, path: Callable[[], str], *, seconds: float, threads: int = 8) -> Rate:
    """As many requests as ``threads`` clients get through in so many seconds."""
    rate = Rate(seconds)
    end = time.monotonic() + seconds

    def run() -> None:
        try:
            with closing(Client(port)) as client:
                while (begun := time.monotonic()) < end:
                    client.get(path())
                    rate.times.append(time.monotonic() - begun)
        except (WrongAnswer, OSError) as error:
            rate.errors.append(str(error))

    workers = [Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if rate.errors:
        raise SystemExit(rate.errors[0])
    return rate


def one_by_one(client: Client, paths: Iterator[str], count: int) -> list[float]:
    """The seconds that each of ``count`` requests took."""
    times = []
    for path in itertools.islice(paths, count):
        begun = time.perf_counter()
        client.get(path)
        times.append(time.perf_counter() - begun)
    return times
