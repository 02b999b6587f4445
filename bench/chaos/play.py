"""The play itself: round after round of mails, deaths, restarts, and a clock that is moved on."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.db.models import DurationField, ExpressionWrapper
from django.db.models.functions import Now, Random

from bench.chaos import sums
from bench.chaos.cases import Case, cases
from bench.chaos.crew import POINTS, Crew
from bench.stage import ROOT, report, say
from channels.models import Account, Delivery, Receipt
from people.models import Team, User
from support import local
from support.models import OutboxEntry
from support.redis import client
from tests.working import work
from tickets.models import Inbox

#: Seconds within which the faults of a round must have happened.
_ROUND = 4.0
#: Rounds in which the customers' server sends everybody away: hours, by the moved clock.
_AWAY = range(25, 32)


def play(options: Namespace) -> int:
    """All of it; the exit code."""
    files = Path(os.environ["HARBOUR_DATA"])
    _make_desk()
    corpus = cases(options.mails, options.seed)
    connections.close_all()
    stage = _Stage(options, files, corpus)
    try:
        stage.rounds()
        stage.calm_down()
    finally:
        stage.close()
    found = sums.count(corpus, files, stage.crew.kills, options.dies)
    report("chaos", seed=options.seed, **stage.facts(), **found)
    for line in found["broken"]:
        say(f"BROKEN: {line}")
    return 1 if found["broken"] else 0


def _make_desk() -> None:
    team = Team.objects.create(name="Support")
    inbox = Inbox.objects.create(name="Front desk", team=team)
    Account.objects.create(
        kind="email", address="support@example.com", inbox=inbox, automatic_per_minute=1_000_000
    )
    User.objects.create_agent("agent@example.com", "", name="Agent", sees_all_tickets=True)


@dataclass
class _Stage:
    options: Namespace
    files: Path
    corpus: list[Case]
    crew: Crew = field(init=False)
    restarts: int = 0
    flushes: int = 0
    played: int = 0

    def __post_init__(self) -> None:
        self.crew = Crew(int(os.environ["SMTP_PORT"]))
        self.dice = random.Random(f"play/{self.options.seed}")
        self.end = time.monotonic() + 60 * self.options.minutes
        given = self.files / "cases.json"
        given.write_text(json.dumps([_as_json(case) for case in self.corpus]))
        command = [
            sys.executable, "bench/chaos/send.py", str(self.crew.port), str(given),
            str(self.files / "accepted"), str(self.files / "sent"), str(self.options.seed),
        ]  # fmt: skip
        (self.files / "sent").touch()
        self.post = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.left = self._heard()

    def rounds(self) -> None:
        """Until every point has had its kills and every mail is in."""
        plans = {role: _plans(points, self.dice) for role, points in POINTS.items()}
        total, needed = self.left, self._rounds_needed()
        while (self.left or self._wanted()) and time.monotonic() < self.end:
            self._round(plans, share=total // needed + 1)
            self.played += 1
            if self.played % 10 == 0:
                say(f"round {self.played}: {self.left} deliveries left, kills {self._killed()}")

    def _round(self, plans: dict[str, Iterator[str]], share: int) -> None:
        away = self.played in _AWAY
        (self.files / "mode").write_text("421" if away else "")
        for role, plan in plans.items():
            wanted = next((point for point in _some(plan, 4) if point in self._wanted()), "")
            nth = 1 if role in ("drainer", "agent", "door") else self.dice.choice([1, 1, 2])
            self.crew.start(role, "" if away and role == "sender" else wanted, nth)
        self._say(share if self.left else 0)
        begun = time.monotonic()
        if self.played % 8 == 3 and self.restarts < self.options.restarts:
            self._restart_postgres()
        if self.played % 8 == 6 and self.flushes < self.options.restarts:
            client().flushall()
            self.flushes += 1
        while time.monotonic() < begun + _ROUND and self.crew.doomed():
            self._tend()
        self.left = self._heard()
        self.crew.stop()
        let_time_pass()

    def calm_down(self) -> None:
        """No more faults: everything that is owed gets done."""
        say("calm")
        (self.files / "mode").write_text("")
        self.crew.start("door")
        self._say(self.left)
        self.left = self._heard()
        for _ in range(60):  # the sink may still hang up a while
            let_time_pass()
            _patiently(work)
            self._say(0)  # robots may have something to answer
            self._heard()
            if not sums.owed():
                break
        self.crew.stop()

    def close(self) -> None:
        self.crew.stop()
        if self.post.stdin is not None:
            self.post.stdin.close()
        self.post.wait(60)

    def facts(self) -> dict[str, Any]:
        return {
            "mails": len(self.corpus),
            "rounds": self.played,
            "kills": dict(sorted(self.crew.kills.items())),
            "postgres_restarts": self.restarts,
            "valkey_flushes": self.flushes,
        }

    def _wanted(self) -> set[str]:
        points = {point for some in POINTS.values() for point in some}
        return {point for point in points if self.crew.kills[point] < self.options.kills}

    def _killed(self) -> int:
        return sum(self.crew.kills.values())

    def _rounds_needed(self) -> int:
        return max(1, self.options.kills * max(len(points) for points in POINTS.values()))

    def _restart_postgres(self) -> None:
        data = self.files.parent
        pid = (data / "pg" / "postmaster.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGQUIT)  # PostgreSQL's immediate shutdown
        time.sleep(0.3)
        local.ensure(data)
        self.restarts += 1

    def _say(self, deliveries: int) -> None:
        assert self.post.stdin is not None
        self.post.stdin.write(f"{deliveries}\n")
        self.post.stdin.flush()

    def _heard(self) -> int:
        """How many deliveries are left, once the post has said so; the door is kept open."""
        assert self.post.stdout is not None
        while self.post.poll() is None and not select.select([self.post.stdout], [], [], 0)[0]:
            self._tend()
        return int(self.post.stdout.readline())

    def _tend(self) -> None:
        time.sleep(0.02)
        self.crew.reap()
        if not self.crew.has("door"):
            self.crew.start("door")


def _as_json(case: Case) -> dict[str, Any]:
    values = vars(case)
    return {**values, "raw": case.raw.decode("utf-8", "surrogateescape")}


def _plans(points: tuple[str, ...], dice: random.Random) -> Iterator[str]:
    while True:
        yield from dice.sample(points, len(points))


def _some(plan: Iterator[str], count: int) -> Iterator[str]:
    return (next(plan) for _ in range(count))


def let_time_pass() -> None:
    """What the dead had claimed is due again, and so is what was postponed. Nobody works now."""

    def move() -> None:
        # Leases end in no order: otherwise the oldest row would meet every death.
        due = Now() - ExpressionWrapper(Random() * timedelta(seconds=1), DurationField())
        Receipt.objects.filter(status=Receipt.Status.WAITING).update(due_at=due)
        active = [Delivery.Status.QUEUED, Delivery.Status.SENDING]
        Delivery.objects.filter(status__in=active).update(due_at=due)
        OutboxEntry.objects.filter(parked_at=None).update(due_at=due)

    _patiently(move)
    connections.close_all()


def _patiently(act: Callable[[], object]) -> None:
    """A database that has just been restarted may still be starting."""
    for _ in range(100):
        close_old_connections()
        with suppress(OperationalError, InterfaceError):
            act()
            return
        connections.close_all()
        time.sleep(0.1)
    raise SystemExit("the database did not come back")
