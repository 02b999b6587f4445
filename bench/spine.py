"""`bench spine`: the path of a mail in one process and one thread, stage by stage.

Receipts are stored beforehand; then they are filed, reacted to and sent, each stage to its
end. With ``--profile`` cProfile's top 40 of each stage goes to stderr.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from bench import corpus, floor
from bench.stage import Processes, report, say, stage

#: More acknowledgements a minute than any run makes: the breaker is not what is measured.
UNLIMITED = 1_000_000


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--no-floor", action="store_true")


def run(options: Namespace) -> None:
    with stage() as files, Processes(files) as processes:
        sink = processes.start("sink", "bench/sink.py", str(files / "sent"))
        port = int(sink.stdout.readline())  # type: ignore[union-attr]
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        django.setup()
        _measure(options, files)


def make_account() -> tuple[int, int]:
    """The mailbox that takes the corpus: its account's and its inbox's id."""
    from channels.models import Account
    from people.models import Team
    from tickets.models import Inbox

    team = Team.objects.create(name="Support")
    inbox = Inbox.objects.create(name="Front desk", team=team)
    account = Account.objects.create(
        kind="email", address=corpus.MAILBOX, inbox=inbox, automatic_per_minute=UNLIMITED
    )
    return account.pk, inbox.pk


def _measure(options: Namespace, files: Path) -> None:
    from channels import delivery, receipts
    from support import outbox

    account, inbox = make_account()
    mails = corpus.generate(options.mails, options.seed)
    warm_up(account)
    limit = None
    if not options.no_floor:
        limit = floor.run(corpus.generate(options.mails, options.seed, "f").mails, account, inbox)
    _store(account, mails)
    stages: dict[str, Any] = {}
    work = {
        "file": receipts.file_batch,
        "react": outbox.drain_batch,
        "send": delivery.send_batch,
    }
    total = 0.0
    for name, batch in work.items():
        seconds, statements = _time(name, batch, profile=options.profile)
        total += seconds
        stages[name] = {
            "ms_per_mail": round(1000 * seconds / options.mails, 3),
            "mails_per_second": round(options.mails / seconds, 1),
            "statements_per_mail": round(statements / options.mails, 2),
        }
    figure = options.mails / total
    report(
        "spine",
        figure=round(figure, 1),
        limit=limit and round(limit, 1),
        ratio=limit and round(figure / limit, 3),
        stages=stages,
        correct=_check(mails, files),
        corpus=mails.facts(),
    )


def warm_up(account: int) -> None:
    """Load what is loaded on first use: models, templates, connections."""
    from channels import delivery, receipts
    from support import outbox

    _store(account, corpus.generate(20, 0, "warm"))
    while receipts.file_batch() or outbox.drain_batch() or delivery.send_batch():
        pass


def _store(account: int, mails: corpus.Corpus) -> None:
    from channels.models import Receipt

    for start in range(0, len(mails.mails), 100):
        Receipt.objects.bulk_create(
            Receipt(
                account_id=account,
                body=mail.raw,
                meta={"mail_from": mail.sender, "rcpt_tos": [corpus.MAILBOX]},
            )
            for mail in mails.mails[start : start + 100]
        )


def _time(name: str, batch: Callable[[], int], *, profile: bool) -> tuple[float, int]:
    """Seconds until nothing is due, and how many statements it took."""
    from django.db import connection

    count = 0

    def counting(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        nonlocal count
        count += 1
        return execute(sql, params, many, context)

    profiler = cProfile.Profile()
    began = time.perf_counter()
    with connection.execute_wrapper(counting):
        if profile:
            profiler.enable()
        while batch():
            pass
        profiler.disable()
    seconds = time.perf_counter() - began
    if profile:
        say(f"=== {name}")
        for order in ("cumulative", "tottime"):
            pstats.Stats(profiler, stream=sys.stderr).sort_stats(order).print_stats(40)
    return seconds, count


def _check(mails: corpus.Corpus, files: Path) -> dict[str, Any]:
    """Tickets are what they must be, and each was acknowledged once."""
    from channels.models import Receipt
    from tickets.models import Ticket

    senders = {mail.sender for mail in mails.mails}
    tickets = Ticket.objects.filter(requester__identities__value__in=senders).count()
    told = [line.split()[1] for line in (files / "sent").read_text().splitlines()]
    told = [address for address in told if address in senders]
    unfiled = Receipt.objects.exclude(status="filed").count()
    outcome = {
        "tickets": tickets,
        "tickets_expected": mails.threads,
        "acknowledgements": len(told),
        "acknowledged_twice": len(told) - len(set(told)),
        "receipts_not_filed": unfiled,
    }
    right = tickets == len(told) == mails.threads and not outcome["acknowledged_twice"]
    return {"all": right and not unfiled, **outcome}
