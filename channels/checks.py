"""What ``manage check --deploy --database default`` says about mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core import checks

from channels.models import Account, Alias
from people.models import User


@checks.register(checks.Tags.database, deploy=True)
def check_domains(databases: Sequence[str] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Services let whoever reads mail of a company's domain in as its staff.

    Customers read what is sent to a reply address if we ever show it to them: so support has
    a domain of its own.
    """
    if not databases:
        return []
    mailboxes = [*_addresses(Account), *_addresses(Alias)]
    agents = User.objects.filter(is_active=True).exclude(email="").values_list("email", flat=True)
    shared = sorted(_domains(mailboxes) & _domains(agents))
    return [
        checks.Warning(
            f"Agents and mailboxes share the domain {domain}.",
            hint="Give the mailboxes a domain of their own, such as help.example.com.",
            id="channels.W001",
        )
        for domain in shared
    ]


def _addresses(model: type[Account] | type[Alias]) -> list[str]:
    return list(model.objects.exclude(address="").values_list("address", flat=True))


def _domains(addresses: Iterable[str]) -> set[str]:
    return {address.rpartition("@")[2].lower() for address in addresses}
