"""`bench status`: look-ups by number a second, against a view that does nothing.

The same server process answers all three: the empty view, the API's look-up and the page.
"""

from __future__ import annotations

import random
from argparse import ArgumentParser, Namespace
from typing import Any

from bench.clients import EMPTY, Rate, press, start_web
from bench.fill import Filler
from bench.stage import Processes, percentile, report, say, stage

CLIENTS = 8


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=2, help="the best of each counts")
    parser.add_argument("--seed", type=int, default=1)


def run(options: Namespace) -> None:
    with stage() as files, Processes(files) as processes:
        filler = Filler(options.seed, options.tickets)
        filler.grow(options.tickets)
        port, dice = start_web(processes), random.Random(options.seed)
        paths = {
            "empty": lambda: EMPTY,
            "api": lambda: f"/api/v1/status/{dice.choice(filler.references)}",
            "page": lambda: f"/status/{dice.choice(filler.references)}/",
        }
        best: dict[str, Rate] = {}
        for path in paths.values():
            press(port, path, seconds=min(1, options.seconds), threads=CLIENTS)
        for _ in range(options.rounds):
            for name, path in paths.items():
                say(f"{name}: {options.seconds:g} s")
                rate = press(port, path, seconds=options.seconds, threads=CLIENTS)
                best[name] = max(rate, best.get(name, rate), key=lambda each: each.per_second)
        limit = best["empty"].per_second
        report(
            "status",
            figure=best["api"].per_second,
            limit=limit,
            ratio=round(best["api"].per_second / limit, 3),
            **{name: _shown(rate, limit) for name, rate in best.items()},
            clients=CLIENTS,
            corpus={"tickets": options.tickets, "seed": options.seed},
        )


def _shown(rate: Rate, limit: float) -> dict[str, Any]:
    return {
        "per_second": rate.per_second,
        "p50_ms": percentile(rate.times, 0.5),
        "p95_ms": percentile(rate.times, 0.95),
        "ratio": round(rate.per_second / limit, 3),
    }
