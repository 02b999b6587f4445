from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console import demo


class Command(BaseCommand):
    help = "Fills an empty database with demo data; leaves any other alone."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.HARBOUR_DEMO:
            raise CommandError("demo data is for HARBOUR_DEMO=1 only")
        if demo.is_empty():
            demo.seed()
        demo.write_sign_in()
