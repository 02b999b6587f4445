from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels.smtpd.door import serve


class Command(BaseCommand):
    help = "Takes mail by SMTP, or by LMTP with --lmtp."
    #: They would load every page of the web; the launcher has made them already.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.SMTP_HOST)
        parser.add_argument("--port", type=int, default=settings.SMTP_PORT)
        parser.add_argument("--lmtp", action="store_true", help="speak LMTP (RFC 2033)")

    def handle(self, *_args: str, **options: Any) -> None:
        try:
            asyncio.run(_serve(options["host"], options["port"], lmtp=options["lmtp"]))
        except OSError as error:
            raise CommandError(f"the mail door cannot open: {error}") from error


async def _serve(host: str, port: int, *, lmtp: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(host, port, stop, lmtp=lmtp)
