"""A mail door that listens on loopback in a thread of its own, and plain ways to talk to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from channels.smtpd.door import Door, Limits

HOST = "127.0.0.1"


@dataclass
class Running:
    """A door in its thread. ``close`` shuts it as SIGTERM does."""

    limits: Limits
    lmtp: bool = False
    port: int = 0
    door: Door | None = None
    _is_open: Event = field(default_factory=Event)

    def start(self) -> Running:
        self._thread = Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._is_open.wait(10), "the door did not open"
        return self

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.door = Door(limits=self.limits, lmtp=self.lmtp)
        self.port = await self.door.open(HOST, 0)
        self._is_open.set()
        await self._stop.wait()
        await self.door.close()

    def begin_to_close(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)

    def close(self) -> None:
        self.begin_to_close()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the door did not close"


@contextmanager
def running_door(*, lmtp: bool = False, **limits: Any) -> Iterator[Running]:
    running = Running(Limits(**limits), lmtp=lmtp).start()
    try:
        yield running
    finally:
        running.close()


class Line:
    """A bare connection: every byte of what is said is the test's own."""

    def __init__(self, port: int, *, greeting: str = "EHLO client.example.org") -> None:
        self.socket = socket.create_connection((HOST, port), timeout=20)
        self._file = self.socket.makefile("rb")
        self.banner = self.answer()
        if greeting:
            self.said = self.say(greeting)

    def say(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\r\n")
        return self.answer()

    def answer(self) -> str:
        """One whole answer, all its lines; empty once the door has hung up."""
        lines = []
        while line := self._file.readline().decode():
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def begin(self, *to: str, sender: str = "ann@example.org") -> list[str]:
        """MAIL, RCPT and DATA; the answers."""
        said = [self.say(f"MAIL FROM:<{sender}>")]
        said += [self.say(f"RCPT TO:<{address}>") for address in to or ("support@example.com",)]
        return [*said, self.say("DATA")]

    def send(self, mail: bytes, *to: str) -> str:
        self.begin(*to)
        self.socket.sendall(mail + b"\r\n.\r\n")
        return self.answer()

    def close(self) -> None:
        self._file.close()
        self.socket.close()
