"""``manage quarantine list|show|replay|discard``: what came to a halt, and what to do with it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import quarantine

PAGE = 200


class Command(BaseCommand):
    help = "List, show, replay or discard what came to a halt: mails, events, deliveries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="everything that waits, the newest first")
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        show = actions.add_parser("show", help="one item with its error")
        show.add_argument("id", help="such as r12, o5 or d9")
        show.add_argument("--raw", action="store_true", help="the mail or call as it came")
        replay = actions.add_parser("replay", help="try again")
        replay.add_argument("id", nargs="?", help="such as r12")
        replay.add_argument("--all", action="store_true", help="everything that is listed")
        discard = actions.add_parser("discard", help="let one item go for good")
        discard.add_argument("id", help="such as r12")

    def handle(self, *_args: str, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except quarantine.NotQuarantined as error:
            raise CommandError(f"{error} is not in quarantine") from error

    def _list(self, options: dict[str, Any]) -> None:
        for item in _everything():
            self.stdout.write(_as_json(item) if options["json"] else _as_line(item))

    def _show(self, options: dict[str, Any]) -> None:
        item = quarantine.find(options["id"])
        if options["raw"]:
            self.stdout.write(quarantine.raw(options["id"]).decode("utf-8", "backslashreplace"))
            return
        for name, value in asdict(item).items():
            self.stdout.write(f"{name + ':':<11}{value if value is not None else ''}")

    def _replay(self, options: dict[str, Any]) -> None:
        if bool(options["id"]) == options["all"]:
            raise CommandError("say either an id or --all")
        ids = [options["id"]] if options["id"] else [item.id for item in _everything()]
        for item_id in ids:
            quarantine.replay(item_id)
            self.stdout.write(f"{item_id} will be tried again")

    def _discard(self, options: dict[str, Any]) -> None:
        quarantine.discard(options["id"])
        self.stdout.write(f"{options['id']} was let go")


def _everything() -> Iterator[quarantine.Item]:
    before = ""
    while page := quarantine.listing(PAGE, before):
        yield from page
        before = page[-1].cursor


def _as_json(item: quarantine.Item) -> str:
    return json.dumps(asdict(item), default=str, ensure_ascii=False)


def _as_line(item: quarantine.Item) -> str:
    error = " ".join(item.error.split())[:100]
    at = item.at.strftime("%Y-%m-%d %H:%M")
    return f"{item.id:<8}{at}  {item.status:<12}{item.about}  {error}"
