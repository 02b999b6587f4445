"""``manage mailbox ...``: connect mailboxes, try them out, switch them on and off.

A password is read from the terminal, from standard input with ``--password-stdin``, or from
the variable HARBOUR_MAILBOX_PASSWORD; never from the command line, which others can see.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from dataclasses import fields
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import watch
from channels.adapters.email import Email
from channels.base import ChannelError
from channels.mailboxes import health, presets, setup
from channels.mailboxes.cursor import begin_import
from channels.mailboxes.probe import Finding, is_well, probe
from channels.mailboxes.settings import CHOICES, TOKENS, faults, secrets
from channels.models import Account
from people.models import Team
from tickets.models import Inbox

PASSWORD = "HARBOUR_MAILBOX_PASSWORD"  # noqa: S105 - a name
_UNNAMED = (*TOKENS, *secrets(), "outgoing_options", "topics")
_SWITCHES = ("plus_addressing", "bounce_addressing")
#: Settings that have an option of their own in ``connect``.
_OPTIONS = [field for field in fields(Email) if field.name not in (*_UNNAMED, *_SWITCHES)]


class Command(BaseCommand):
    help = "List, connect, test, watch, switch live, import, disable or enable mailboxes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="every mailbox and how it fares")
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        _connect_arguments(actions.add_parser("connect", help="a new mailbox; it only watches"))
        words = {
            "test": "sign in, look, and say what is wrong; sends and changes nothing",
            "watch": "file nothing and answer nobody from now on",
            "disable": "take nothing more; every row stays",
            "enable": "take mail again",
        }
        for name, said in words.items():
            actions.add_parser(name, help=said).add_argument("address")
        live = actions.add_parser("live", help="file and answer mail from now on")
        live.add_argument("address")
        live.add_argument("--file-watched", action="store_true", help="file what was watched too")
        live.add_argument("--acknowledge", action="store_true", help="and acknowledge it")
        old = actions.add_parser("import", help="file older mail as closed tickets")
        old.add_argument("address")
        old.add_argument("--since", type=_day, required=True, metavar="YYYY-MM-DD")

    def handle(self, *_args: str, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except ChannelError as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        for row in health.overview():
            self.stdout.write(_as_json(row) if options["json"] else _as_line(row))

    def _connect(self, options: dict[str, Any]) -> None:
        settings = _settings(options)
        inbox = _row(Inbox, options["inbox"])
        account = setup.connect(
            options["address"],
            settings,
            inbox=inbox,
            team=_row(Team, options["team"]),
            name=options["name"],
            aliases=options["alias"],
            actor=None,
        )
        self.stdout.write(f"{account.address} is connected, and only watches.")
        if settings["sign_in"] != "password":
            self.stdout.write("Open it in the console to sign in at the provider.")
            return
        self._say(probe(account))

    def _test(self, options: dict[str, Any]) -> None:
        findings = probe(setup.find(options["address"]))
        self._say(findings)
        if not is_well(findings):
            sys.exit(1)

    def _say(self, findings: list[Finding]) -> None:
        signs = {True: "ok   ", False: "WRONG", None: "-    "}
        for finding in findings:
            self.stdout.write(f"{signs[finding.is_well]} {finding.step}: {finding.words}")
            if finding.hint:
                self.stdout.write(f"      {finding.hint}")

    def _watch(self, options: dict[str, Any]) -> None:
        account = setup.find(options["address"])
        watch.begin(account, actor=None)
        self.stdout.write(f"{account.address} only watches.")

    def _live(self, options: dict[str, Any]) -> None:
        account = setup.find(options["address"])
        watch.go_live(
            account,
            file_waiting=options["file_watched"],
            acknowledge=options["acknowledge"],
            actor=None,
        )
        self.stdout.write(f"{account.address} is live.")

    def _import(self, options: dict[str, Any]) -> None:
        account = setup.find(options["address"])
        if not account.settings.get("imap_host"):
            raise CommandError("nothing is fetched from this mailbox: use `ingest` for files")
        begin_import(account, since=options["since"])
        self.stdout.write(f"Mail since {options['since']} will be filed as closed tickets.")

    def _disable(self, options: dict[str, Any]) -> None:
        account = setup.find(options["address"])
        setup.disable(account, actor=None)
        self.stdout.write(f"{account.address} is switched off.")

    def _enable(self, options: dict[str, Any]) -> None:
        account = setup.find(options["address"])
        setup.enable(account, actor=None)
        self.stdout.write(f"{account.address} is switched on.")


def _connect_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--preset", choices=[*presets.presets()], default="imap")
    parser.add_argument("--inbox", default="", help="an inbox that is there, by name")
    parser.add_argument("--name", default="", help="of the new inbox")
    parser.add_argument("--team", default="", help="of the new inbox")
    parser.add_argument("--alias", action="append", default=[], help="another address; repeat it")
    parser.add_argument("--password-stdin", action="store_true")
    parser.add_argument("--no-plus-addressing", action="store_true")
    parser.add_argument(
        "--outgoing-option", action="append", default=[], metavar="NAME=VALUE", help="repeat it"
    )
    for field in _OPTIONS:
        kind = int if isinstance(field.default, int) else str
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=kind,
            choices=CHOICES.get(field.name),
            help=field.metadata["help_text"],
        )


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    given = {field.name: options[field.name] for field in _OPTIONS}
    settings = {
        **presets.presets()[options["preset"]].values,
        **{name: value for name, value in given.items() if value is not None},
        "outgoing_options": dict(
            pair.split("=", 1) for pair in options["outgoing_option"] if "=" in pair
        ),
    }
    if options["no_plus_addressing"]:
        settings["plus_addressing"] = False
    if settings["sign_in"] == "password" and (settings["imap_host"] or settings["smtp_host"]):
        settings["password"] = _secret(is_piped=options["password_stdin"])
    if settings.get("outgoing"):
        settings["outgoing_key"] = os.environ.get("HARBOUR_OUTGOING_KEY", "")
    if found := faults(Email(**settings)):
        raise CommandError("\n".join(f"{name}: {words}" for name, words in found.items()))
    return settings


def _secret(*, is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if not sys.stdin.isatty():
        raise CommandError(f"no password: use a terminal, --password-stdin or {PASSWORD}")
    return getpass.getpass("Password of the mailbox: ")


def _row(model: type[Any], name: str) -> Any:
    if not name:
        return None
    found = model.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"there is no {model.__name__.lower()} {name}")
    return found


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _as_line(row: health.Health) -> str:
    mode = Account.Mode(row.account.mode).label
    lag = f"{row.lag:.0f} s" if row.lag is not None else "-"
    line = f"{row.account.address:<34} {row.words!s:<28} {mode!s:<10} read {lag} ago"
    extra = [f"{row.breakers} breakers open"] if row.breakers else []
    return "; ".join([line, *extra, *([row.error] if row.error else [])])


def _as_json(row: health.Health) -> str:
    told = {
        "address": row.account.address,
        "inbox": row.account.inbox.name,
        "state": row.state,
        "mode": row.account.mode,
        "lag_seconds": row.lag,
        "behind": row.behind,
        "failures": row.failures,
        "error": row.error or None,
        "needs_sign_in": row.needs_sign_in,
        "breakers": row.breakers,
    }
    return json.dumps(told, ensure_ascii=False)
