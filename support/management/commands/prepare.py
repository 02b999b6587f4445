"""`manage.py prepare`: all that must be done between new code and the first request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from support.launcher import translations


class Command(BaseCommand):
    help = "Check, migrate, compile translations and, for the demo, fill an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("check")
        call_command("migrate", verbosity=0)
        translations.compile_all(settings.BASE_DIR)
        if settings.HARBOUR_DEMO and "demo_seed" in get_commands() and self._is_empty():
            self.stdout.write("      filling in the demo's data …")
            call_command("demo_seed")

    def _is_empty(self) -> bool:
        return not get_user_model().objects.exists()
