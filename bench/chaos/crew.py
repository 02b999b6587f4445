"""Workers that die: forked from a process that has Django loaded, killed at named points.

Each does one kind of the work that Celery's tasks do, by the same functions, in small batches so
that many of them get something. A killed one is reaped and counted, never replaced in its round.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connections

from channels import delivery, receipts
from channels.smtpd.door import serve
from people.models import User
from support import faults, outbox
from tickets.models import Message, Ticket
from tickets.operations.reply import reply

SMALL = 4
#: The points of the path, by who passes them.
POINTS = {
    "filer": (
        "receipts.claimed", "receipts.parsed", "intake.message_created", "receipts.before_commit",
    ),
    "drainer": ("outbox.before_commit",),
    "sender": (
        "delivery.claimed", "delivery.before_data", "delivery.accepted", "delivery.before_settled",
    ),
    "agent": ("change.before_commit",),
    "door": ("smtpd.before_commit", "smtpd.after_commit"),
}  # fmt: skip
#: Those after which the mail may be with the next server and we do not know.
IN_SMTP_WINDOW = ("delivery.accepted", "delivery.before_settled")


@dataclass
class Crew:
    """The children of this run. ``kills`` counts those that died at each point."""

    port: int
    kills: Counter[str] = field(default_factory=Counter)
    _running: dict[int, tuple[str, str]] = field(default_factory=dict)

    def start(self, role: str, point: str = "", nth: int = 1) -> None:
        pid = os.fork()
        if pid:
            self._running[pid] = (role, point)
            return
        status = 1
        try:
            connections.close_all()
            faults.arm(f"{point}:{nth}:kill9" if point else "")
            _ROLES[role](self)
            status = 0
        finally:
            os._exit(status)

    def reap(self) -> None:
        """Take note of those that ended."""
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._note(pid, status)

    def has(self, role: str) -> bool:
        return any(held == role for held, _ in self._running.values())

    def doomed(self) -> bool:
        """Whether somebody is still to be killed."""
        return any(point for _, point in self._running.values())

    def stop(self, *roles: str) -> None:
        """Ask those of ``roles`` (everybody when none is named) to end, and wait."""
        chosen = [pid for pid, (role, _) in self._running.items() if not roles or role in roles]
        for pid in chosen:
            os.kill(pid, signal.SIGTERM)
        for pid in chosen:
            self._note(pid, os.waitpid(pid, 0)[1])

    def _note(self, pid: int, status: int) -> None:
        _, point = self._running.pop(pid)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.kills[point] += 1


def _work(batch: Callable[[], int]) -> None:
    """Until told to stop; a database that restarts is waited for."""
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    receipts.BATCH = delivery.BATCH = outbox.BATCH = SMALL
    while not stopping:
        try:
            taken = batch()
        except (OperationalError, InterfaceError):
            connections.close_all()
            taken = 0
        if not taken:
            time.sleep(0.02)


def _answer() -> int:
    """One reply by the agent to a ticket that has none."""
    answered = Message.objects.filter(direction=Message.Direction.OUTBOUND).values("ticket")
    waiting = Ticket.objects.filter(requester__name__startswith="Customer")
    ticket = waiting.exclude(pk__in=answered).order_by("?").first()
    agent = User.objects.first()
    if ticket is None or random.random() < 0.5:
        return 0
    reply(ticket, f"About {ticket.number}: it is on its way.", actor=agent)
    time.sleep(0.1)
    return 1


def _door(crew: Crew) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await serve("127.0.0.1", crew.port, stop, lmtp=False)

    asyncio.run(run())


_ROLES: dict[str, Callable[[Crew], None]] = {
    "filer": lambda _: _work(receipts.file_batch),
    "drainer": lambda _: _work(outbox.drain_batch),
    "sender": lambda _: _work(delivery.send_batch),
    "agent": lambda _: _work(_answer),
    "door": _door,
}
