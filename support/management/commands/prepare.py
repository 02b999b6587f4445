"""`manage.py prepare`: all that must be done between new code and the first request."""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from support.launcher import translations


class Command(BaseCommand):
    help = "Check, migrate, compile translations and, for the demo, fill an empty database."

    requires_system_checks = []  # run below, with the rest

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--files-only", action="store_true", help="translations and static files; no database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["files_only"]:
            translations.compile_all(settings.BASE_DIR)
            call_command("collectstatic", interactive=False, verbosity=0)
            return
        call_command("check", stdout=io.StringIO())
        try:
            call_command("migrate", verbosity=0)
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        translations.compile_all(settings.BASE_DIR)
        if settings.HARBOUR_DEMO and "demo_seed" in get_commands() and self._is_empty():
            self.stdout.write("      filling in the demo's data …")
            call_command("demo_seed")

    def _is_empty(self) -> bool:
        return not get_user_model().objects.exists()
