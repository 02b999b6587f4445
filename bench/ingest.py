"""`bench ingest`: from the SMTP door to the acknowledgement in an SMTP sink.

Real processes, as `./harbour up` starts them: mail door, relay, beat, and one and then two
workers. The bare limit (see floor.py) is measured before them, while they idle not at all.
"""

from __future__ import annotations

import os
import subprocess
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

from bench import corpus, floor, spine
from bench.stage import Processes, connect, free_port, report, say, stage, wait_for_port

CONNECTIONS = 8
WARM_UP = 40
#: Seconds after which what is still missing counts as lost.
PATIENCE = 180
_WORKER = ("-m", "celery", "-A", "support", "worker", "--pool", "threads", "-c", "4",
           "--without-gossip", "--without-mingle", "-l", "warning")  # fmt: skip


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="how many, in turn")
    parser.add_argument(
        "--profile", action="store_true", help="profile the path in one process (bench spine)"
    )


def run(options: Namespace) -> None:
    if options.profile:
        options.no_floor = False
        spine.run(options)
        return
    with stage() as files, Processes(files) as processes:
        sink = processes.start("sink", "bench/sink.py", str(files / "sent"))
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{_line(sink)}"
        os.environ["SMTP_PORT"] = str(free_port())
        django.setup()
        account, inbox = spine.make_account()
        spine.warm_up(account)
        limit = _limit(options, account, inbox)
        say(f"bare limit: {limit:.0f} mails/s")
        door = _start(processes, files)
        wait_for_port(int(os.environ["SMTP_PORT"]), door)
        runs = [_run(processes, files, options, count) for count in options.workers]
        best = max(runs, key=lambda run: run["mails_per_second"])
        report(
            "ingest",
            figure=best["mails_per_second"],
            limit=round(limit, 1),
            ratio=round(best["mails_per_second"] / limit, 3),
            runs=[{**run, "ratio": round(run["mails_per_second"] / limit, 3)} for run in runs],
            correct=all(run["correct"] for run in runs),
            connections=CONNECTIONS,
            corpus=corpus.generate(options.mails, options.seed, "w1").facts(),
        )


def _limit(options: Namespace, account: int, inbox: int) -> float:
    """The best of two: what disturbs it must not flatter us."""
    made = [corpus.generate(options.mails, options.seed, f"f{turn}").mails for turn in (1, 2)]
    return max(floor.run(mails, account, inbox) for mails in made)


def _line(child: subprocess.Popen[str]) -> str:
    return child.stdout.readline().strip() if child.stdout else ""


def _start(processes: Processes, files: Path) -> subprocess.Popen[str]:
    schedule = str(files / "beat-schedule")
    processes.start("relay", "manage.py", "relay")
    processes.start("beat", "-m", "celery", "-A", "support", "beat", "-l", "warning",
                    "--pidfile=", "--schedule", schedule)  # fmt: skip
    return processes.start("door", "manage.py", "maildoor")


def _run(processes: Processes, files: Path, options: Namespace, count: int) -> dict[str, Any]:
    """The whole corpus with ``count`` workers."""
    workers = [
        processes.start(f"worker{n}", *_WORKER, "-n", f"bench{n}@localhost") for n in range(count)
    ]
    for turn in range(2 * count):  # each worker loads its code and connects
        _pass(processes, files, _Load(WARM_UP, options.seed, f"h{count}{turn}x"))
    say(f"{count} worker(s), {options.mails} mails")
    result = _pass(processes, files, _Load(options.mails, options.seed, f"w{count}x"))
    processes.stop(*workers)
    return {"workers": count, **result}


@dataclass(frozen=True)
class _Load:
    mails: int
    seed: int
    prefix: str


def _pass(processes: Processes, files: Path, load: _Load) -> dict[str, Any]:
    """Send, wait until all of it is through, and count what came of it."""
    made = corpus.generate(load.mails, load.seed, load.prefix)
    sender = processes.start(
        "send", "bench/send.py", os.environ["SMTP_PORT"], str(load.mails), str(load.seed),
        load.prefix, str(CONNECTIONS),
    )  # fmt: skip
    _line(sender)
    said, _ = sender.communicate("go\n", timeout=PATIENCE)
    began, accepted, refused = (float(word) for word in said.split())
    processes.stop(sender)
    senders = {mail.sender for mail in made.mails}
    told = _wait(files, senders, made.threads)
    tickets, filed, last = _outcome(load.prefix)
    ended = max([last, *told.values()])
    twice = len(_log(files, senders)) - len(told)
    right = tickets == made.threads == len(told) and not twice and filed == load.mails
    return {
        "mails_per_second": round(load.mails / (ended - began), 1),
        "accepted_per_second": round(load.mails / (accepted - began), 1),
        "seconds": round(ended - began, 2),
        "correct": right and not refused,
        "tickets": tickets,
        "tickets_expected": made.threads,
        "acknowledgements": len(told),
        "acknowledged_twice": twice,
        "messages": filed,
        "refused": int(refused),
    }


def _log(files: Path, senders: set[str]) -> list[tuple[float, str]]:
    """When the sink took which mail of this load."""
    words = [line.split() for line in (files / "sent").read_text().splitlines()]
    return [(float(at), to) for at, to in (w for w in words if len(w) == 2) if to in senders]


def _wait(files: Path, senders: set[str], expected: int) -> dict[str, float]:
    """Until every thread was acknowledged and nothing waits; when each was."""
    end = time.monotonic() + PATIENCE
    connection = connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("select exists (select from channels_receipt where status = 'waiting')")
            idle = not cursor.fetchone()[0]
            told = {to: at for at, to in _log(files, senders)}
            if idle and len(told) >= expected:
                break
            time.sleep(0.1)
    connection.close()
    time.sleep(0.5)  # a second copy would come now
    return {to: at for at, to in _log(files, senders)}


def _outcome(prefix: str) -> tuple[int, int, float]:
    """Tickets and messages of this load, and when the last was filed."""
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(distinct m.ticket_id), count(*),"
            " coalesce(extract(epoch from max(r.processed_at)), 0)::float"
            " from people_identity i join tickets_message m using (contact_id)"
            " join channels_receipt r on r.id = m.receipt_id where i.value ~ %s",
            [f"^{prefix}[0-9]+@"],
        )
        tickets, filed, last = cursor.fetchone()
    connection.close()
    return int(tickets), int(filed), float(last)
