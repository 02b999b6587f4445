from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from channels.mailboxes.run import run


class Command(BaseCommand):
    help = "Fetches the mail of all mailboxes that are connected by IMAP."
    #: They would load every page of the web; the launcher has made them already.
    requires_system_checks: list[str] = []

    def handle(self, *_args: str, **_options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run(stop)
