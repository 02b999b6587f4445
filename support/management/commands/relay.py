from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from support import relay


class Command(BaseCommand):
    help = "Wakes the workers when rows are written, and feeds the live streams."
    #: They would load every page of the web; the launcher has made them already.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        relay.run(stopping.is_set)
