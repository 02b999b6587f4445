"""``manage ingest FILE...``: raw mails in, one JSON line for each with what became of it."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels import mail_files, receipts
from channels.mailboxes.addresses import addresses
from channels.models import Account, Receipt
from tickets import reference
from tickets.models import Message

BATCH = 50
#: How long a mail may be in another worker's hands before it is reported as waiting.
PATIENCE, PATIENCE_WHEN_ASKED = 5.0, 120.0


@dataclass
class _Mail:
    """One mail of one file, and how far it came."""

    file: str
    receipt_id: int | None = None
    error: str = ""


class Command(BaseCommand):
    help = "File raw mails; - reads one mail, or an mbox, from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--inbox", metavar="ADDRESS", help="for mail to no address of ours")
        parser.add_argument(
            "--wait", action="store_true", help="wait longer for mails that are tried again"
        )

    def handle(self, *_args: str, **options: Any) -> None:
        accounts = addresses()
        fallback = _fallback(accounts, options["inbox"])
        patience = PATIENCE_WHEN_ASKED if options["wait"] else PATIENCE
        failed = False
        mails = _stored(options["files"], accounts, fallback)
        while batch := list(islice(mails, BATCH)):
            ids = [mail.receipt_id for mail in batch if mail.receipt_id is not None]
            _process(ids, patience)
            for line in _lines(batch):
                self.stdout.write(json.dumps(line, ensure_ascii=False))
            failed = failed or any(mail.error for mail in batch)
        if failed:
            sys.exit(1)


def _fallback(accounts: dict[str, int], inbox: str | None) -> int:
    if inbox is not None:
        if (found := mail_files.match([inbox], accounts)) is None:
            raise CommandError(f"no inbox has the address {inbox}")
        return found
    if not accounts:
        raise CommandError("there is no email inbox yet: make one in the console")
    return next(iter(accounts.values()))


def _stored(files: Sequence[str], accounts: dict[str, int], fallback: int) -> Iterator[_Mail]:
    for name in files:
        try:
            with _opened(name) as stream:
                yield from _stored_from(stream, name, accounts, fallback)
        except OSError as error:
            yield _Mail(name, error=error.strerror or str(error))


def _opened(name: str) -> IO[bytes]:
    return open(0, "rb", closefd=False) if name == "-" else open(name, "rb")


def _stored_from(
    stream: IO[bytes], name: str, accounts: dict[str, int], fallback: int
) -> Iterator[_Mail]:
    for mail in mail_files.mails_in(stream, settings.HARBOUR_MAIL_LIMIT):
        if isinstance(mail, mail_files.TooBig):
            yield _Mail(name, error=str(mail))
            continue
        to = mail_files.recipients(mail)
        account = Account(pk=mail_files.match(to, accounts) or fallback)
        meta = {"door": "ingest", "mail_from": mail_files.return_path(mail), "rcpt_tos": to}
        receipt = receipts.accept(account, mail, meta)
        yield _Mail(name, receipt.pk if receipt else None)


def _process(ids: Sequence[int], patience: float) -> None:
    """File them here; those that a worker took up first are waited for."""
    until = time.monotonic() + patience
    waiting = list(ids)
    while waiting:
        receipts.process(waiting)
        left = Receipt.objects.filter(pk__in=ids, status=Receipt.Status.WAITING)
        waiting = list(left.values_list("pk", flat=True))
        if not waiting or time.monotonic() > until:
            return
        time.sleep(0.2)


def _lines(batch: Sequence[_Mail]) -> Iterator[dict[str, Any]]:
    ids = [mail.receipt_id for mail in batch if mail.receipt_id is not None]
    rows = Receipt.objects.filter(pk__in=ids).defer("body").select_related("message__ticket")
    found = {row.pk: row for row in rows}
    for mail in batch:
        row = found.get(mail.receipt_id or 0)
        message = row.message if row else None
        yield {
            "file": mail.file,
            "receipt": mail.receipt_id,
            "outcome": row.status if row else "unreadable",
            "reference": reference.display(message.ticket.reference) if message else None,
            "ticket_opened": bool(row and message and _opened_ticket(row, message)),
            "error": mail.error or (row.error if row else "") or None,
        }


def _opened_ticket(row: Receipt, message: Message) -> bool:
    earlier = Message.objects.filter(ticket_id=message.ticket_id, pk__lt=message.pk)
    return row.status == Receipt.Status.FILED and not earlier.exists()
