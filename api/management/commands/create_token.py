"""``manage create_token NAME --scopes a,b``: prints the token once, on the last line."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from api import scopes, tokens
from people.models import User


class Command(BaseCommand):
    help = "Make an API token and print it; it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what it is for, such as crm")
        parser.add_argument("--scopes", required=True, help=f"of {','.join(scopes.ALL)}; or all")
        parser.add_argument("--agent", default="", help="act as the agent with this email")
        parser.add_argument("--days", type=int, default=tokens.LONGEST_LIFE.days)

    def handle(self, *args: str, **options: str) -> None:
        given = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        wanted = list(scopes.ALL) if given == ["all"] else given
        agent = _agent(options["agent"])
        try:
            token, secret = tokens.issue(
                options["name"][:80],
                scopes=wanted,
                agent=agent,
                life=timedelta(days=int(options["days"])),
            )
        except (ValueError, OverflowError) as error:
            raise CommandError(str(error)) from None
        except IntegrityError:
            raise CommandError("There is a token of this name: revoke it first.") from None
        self.stderr.write(f"{token} expires {token.expires_at:%Y-%m-%d}. It is shown only now:")
        self.stdout.write(secret)


def _agent(email: str) -> User | None:
    if not email:
        return None
    agent = User.objects.filter(email__iexact=email, is_active=True).first()
    if agent is None:
        raise CommandError(f"There is no active agent with the email {email}.")
    return agent
