from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels.mailboxes.run import FAREWELL, run
from channels.smtpd.door import serve


class Command(BaseCommand):
    help = "Takes mail by SMTP, or by LMTP with --lmtp."
    #: They would load every page of the web; the launcher has made them already.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.SMTP_HOST)
        parser.add_argument("--port", type=int, default=settings.SMTP_PORT)
        parser.add_argument("--lmtp", action="store_true", help="speak LMTP (RFC 2033)")
        parser.add_argument(
            "--mailboxes", action="store_true", help="and do what `manage mailboxes` does"
        )

    def handle(self, *_args: str, **options: Any) -> None:
        where = options["host"], options["port"]
        try:
            with _mailboxes(wanted=options["mailboxes"]) as stop_fetching:
                asyncio.run(_serve(*where, stop_fetching, lmtp=options["lmtp"]))
        except OSError as error:
            raise CommandError(f"the mail door cannot open: {error}") from error


@contextlib.contextmanager
def _mailboxes(*, wanted: bool) -> Iterator[threading.Event]:
    """In a thread beside the door: a process of its own would cost memory for nothing to do."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=[stop], daemon=True)
    if wanted:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        if wanted:
            thread.join(FAREWELL + 1)


async def _serve(host: str, port: int, stop_fetching: threading.Event, *, lmtp: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop_fetching.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    await serve(host, port, stop, lmtp=lmtp)
