"""`bench parse`: how long understanding one mail takes, against the standard library's parser.

Needs no database. With `--folder` the mails are the `.eml` files below it instead of the corpus.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import platform
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.corpus import generate
from bench.stage import percentile
from channels.mail.parsed import Unreadable
from channels.mime import parse_mail


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="real mails to read instead")
    parser.add_argument("--rounds", type=int, default=3, help="the best of each mail counts")


def run(options: Namespace) -> None:
    mails, facts = _mails(options)
    limit = _times(_bare, mails, options.rounds)
    figure = _times(_understood, mails, options.rounds)
    result = {
        "bench": "parse",
        "figure": _told(figure),
        "limit": _told(limit),
        "ratio": round(sum(limit) / sum(figure), 3),
        "corpus": facts,
        "load_average": list(os.getloadavg()),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version()},
    }
    print(json.dumps(result, indent=2))


def _mails(options: Namespace) -> tuple[list[bytes], dict[str, Any]]:
    if options.folder is None:
        corpus = generate(options.mails, options.seed)
        return [mail.raw for mail in corpus.mails], corpus.facts()
    mails = [path.read_bytes() for path in sorted(options.folder.rglob("*.eml"))]
    if not mails:
        raise SystemExit(f"no .eml file below {options.folder}")
    return mails, {"mails": len(mails), "bytes": sum(map(len, mails))}


def _times(read: Callable[[bytes], None], mails: Sequence[bytes], rounds: int) -> list[float]:
    """Seconds for each mail: the least of its rounds, so that a busy machine says little."""
    best = [float("inf")] * len(mails)
    for _ in range(rounds):
        for place, raw in enumerate(mails):
            began = time.perf_counter()
            read(raw)
            best[place] = min(best[place], time.perf_counter() - began)
    return best


def _understood(raw: bytes) -> None:
    try:
        parse_mail(raw)
    except Unreadable:
        return


def _bare(raw: bytes) -> None:
    """What everybody must do: parse, and undo the transfer encodings."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    for part in message.walk():
        part.get_payload(decode=True)


def _told(times: list[float]) -> dict[str, float]:
    return {
        "p50_ms": percentile(times, 0.5),
        "p99_ms": percentile(times, 0.99),
        "max_ms": percentile(times, 1),
        "per_second": round(len(times) / sum(times), 1),
    }
