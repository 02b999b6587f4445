"""``manage revoke_token NAME``: from now on the token opens nothing."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from api import tokens


class Command(BaseCommand):
    help = "Revoke an API token by its name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: str, **options: str) -> None:
        if not tokens.revoke(options["name"]):
            raise CommandError("There is no token of this name.")
        self.stdout.write("revoked")
