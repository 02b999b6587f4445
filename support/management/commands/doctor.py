"""`manage.py doctor`: is everything well? In words or JSON; exit code 1 when it is not."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from support import doctor


class Command(BaseCommand):
    help = "Look at database, Redis, storage, mail, workers and secrets, and say what is wrong."
    requires_system_checks = []  # it must speak when the rest cannot

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = doctor.examine()
        well = all(finding.well for finding in findings)
        if options["json"]:
            report = {"well": well, "checks": [finding.as_dict() for finding in findings]}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            for finding in findings:
                sign = "ok   " if finding.well else "WRONG"
                self.stdout.write(f"{sign} {finding.name:<12} {finding.words}")
        if not well:
            sys.exit(1)
