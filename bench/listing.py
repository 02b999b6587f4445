"""`bench list`: the queue's first page as a signed-in agent sees it, at growing sizes.

Over HTTP, one client, through the product's own server. Beside it the API's list and one
ticket by its number, at the same sizes.
"""

from __future__ import annotations

import itertools
import random
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import django

from bench.clients import Client, one_by_one, start_web
from bench.fill import Filler
from bench.stage import Processes, percentile, report, say, stage

SIZES = (1_000, 100_000, 1_000_000)
MAIN = "queue"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)


def run(options: Namespace) -> None:
    sizes = sorted(options.sizes)
    with stage() as files, Processes(files) as processes:
        filler = Filler(options.seed, sizes[-1])
        django.setup()
        port = start_web(processes)
        results = {}
        for size in sizes:
            filler.grow(size)
            say(f"measuring at {size} tickets")
            results[str(size)] = _measure(port, filler, size, options)
        small, large = results[str(sizes[0])], results[str(sizes[-1])]
        ratios = {
            name: {
                part: round(large[name][part] / small[name][part], 2)
                for part in ("p50_ms", "p95_ms")
            }
            for name in small
        }
        report(
            "list",
            figure=large[MAIN]["p95_ms"],
            limit=small[MAIN]["p95_ms"],
            ratio=ratios[MAIN]["p95_ms"],
            unit="p95 in ms of the queue's first page, largest size against smallest",
            ratios=ratios,
            sizes=results,
            requests=options.requests,
            corpus={"sizes": sizes, "unsolved": 0.2, "seed": options.seed},
        )


def _measure(port: int, filler: Filler, size: int, options: Namespace) -> dict[str, Any]:
    cookie, narrow, bearer = _cookie(2), _cookie(1), _bearer()
    dice = random.Random(options.seed)
    paths: dict[str, tuple[str, Iterator[str]]] = {
        MAIN: (cookie, itertools.repeat("/console/")),
        "queue_of_a_team": (narrow, itertools.repeat("/console/")),
        "mine": (cookie, itertools.repeat("/console/views/mine/")),
        "unassigned": (cookie, itertools.repeat("/console/views/unassigned/")),
        "solved": (cookie, itertools.repeat("/console/views/solved/")),
        "api_list": (bearer, itertools.repeat("/api/v1/tickets")),
        "api_ticket": (
            bearer,
            (f"/api/v1/tickets/{dice.choice(filler.references[:size])}" for _ in itertools.count()),
        ),
    }
    shown = {}
    for name, (headers, asked) in paths.items():
        with closing(Client(port, headers)) as client:
            one_by_one(client, asked, max(1, options.requests // 10))
            times = one_by_one(client, asked, options.requests)
        shown[name] = {"p50_ms": percentile(times, 0.5), "p95_ms": percentile(times, 0.95)}
    return shown


def _cookie(number: int) -> str:
    """A signed-in agent's session: the first sees one team's tickets, the others all."""
    from django.conf import settings
    from django.test import Client as Browser

    from people.models import User

    browser = Browser()
    agent = User.objects.get(email=f"agent{number}@example.com")
    browser.force_login(agent, backend=settings.AUTHENTICATION_BACKENDS[0])
    name = settings.SESSION_COOKIE_NAME
    return f"Cookie: {name}={browser.cookies[name].value}\r\n"


def _bearer() -> str:
    from api import tokens
    from api.models import ApiToken
    from api.scopes import TICKETS_READ

    ApiToken.objects.all().delete()
    _, secret = tokens.issue("bench", scopes=[TICKETS_READ])
    return f"Authorization: Bearer {secret}\r\n"
