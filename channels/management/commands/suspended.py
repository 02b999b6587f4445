"""``manage suspended list|show|release|file|block|delete|unblock``: mail kept from the queue."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import suspended
from channels.models import Receipt
from tickets import reference
from tickets.models import Ticket

PAGE = 200


class Command(BaseCommand):
    help = "List suspended mails, and release, file, block or delete them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="the newest first")
        listing.add_argument("--cause", default="", choices=["", *Receipt.Cause.values])
        listing.add_argument("--sender", default="", help="an address")
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        show = self._of_one(actions, "show", "one mail and why it is suspended")
        show.add_argument("--raw", action="store_true", help="the mail as it came")
        self._of_one(actions, "release", "file it as if nothing were wrong")
        on_ticket = self._of_one(actions, "file", "put it on a ticket, as a stranger's")
        on_ticket.add_argument("ticket", help="its number")
        block = self._of_one(actions, "block", "block its sender, and put it away")
        block.add_argument("--domain", action="store_true", help="everybody of the domain")
        self._of_one(actions, "delete", "put it away")
        unblock = actions.add_parser("unblock", help="let a sender write again")
        unblock.add_argument("value", help="such as ann@example.org or @example.org")

    def _of_one(self, actions: Any, name: str, told: str) -> ArgumentParser:
        parser: ArgumentParser = actions.add_parser(name, help=told)
        parser.add_argument("id", type=int)
        return parser

    def handle(self, *_args: str, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except suspended.NotSuspended as error:
            raise CommandError(f"{error} is not suspended") from error
        except suspended.NobodyToBlock as error:
            raise CommandError(f"{error} names no sender") from error

    def _list(self, options: dict[str, Any]) -> None:
        for receipt in _everything(options["cause"], options["sender"]):
            facts = _facts(receipt)
            words = json.dumps(facts, ensure_ascii=False) if options["json"] else _line(facts)
            self.stdout.write(words)

    def _show(self, options: dict[str, Any]) -> None:
        receipt = suspended.find(options["id"])
        if options["raw"]:
            self.stdout.write(bytes(receipt.body).decode("utf-8", "backslashreplace"))
            return
        for name, value in _facts(receipt).items():
            self.stdout.write(f"{name + ':':<10}{value}")

    def _release(self, options: dict[str, Any]) -> None:
        suspended.release(options["id"], actor=None)
        self.stdout.write(f"{options['id']} will be filed")

    def _file(self, options: dict[str, Any]) -> None:
        number = reference.normalise(options["ticket"])
        ticket = Ticket.objects.by_reference(number) if number else None
        if ticket is None:
            raise CommandError(f"no ticket has the number {options['ticket']}")
        suspended.file_on_ticket(options["id"], ticket, actor=None)
        self.stdout.write(f"{options['id']} will be filed on {ticket.number}")

    def _block(self, options: dict[str, Any]) -> None:
        value = suspended.block(options["id"], actor=None, whole_domain=options["domain"])
        self.stdout.write(f"{value} is blocked")

    def _delete(self, options: dict[str, Any]) -> None:
        suspended.delete(options["id"], actor=None)
        self.stdout.write(f"{options['id']} was put away")

    def _unblock(self, options: dict[str, Any]) -> None:
        if not suspended.unblock(options["value"], actor=None):
            raise CommandError(f"{options['value']} is not blocked")
        self.stdout.write(f"{options['value']} may write again")


def _everything(cause: str, sender: str) -> Iterator[Receipt]:
    before = 0
    while page := suspended.listing(PAGE, before=before, cause=cause, sender=sender):
        yield from page
        before = page[-1].pk


def _facts(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.pk,
        "at": receipt.received_at.isoformat(timespec="seconds"),
        "cause": receipt.cause,
        "why": receipt.error,
        "sender": receipt.sender,
        "subject": receipt.subject,
        "mailbox": str(receipt.account),
    }


def _line(facts: dict[str, Any]) -> str:
    named = " ".join(f"{facts['sender'] or '?'}  {facts['subject']}".split(" "))
    return f"{facts['id']:<8}{facts['at'][:16]}  {facts['cause']:<14}{named}  {facts['why'][:100]}"
