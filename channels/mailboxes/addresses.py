"""The addresses under which mailboxes receive."""

from __future__ import annotations

from channels.models import Account, Alias


def addresses() -> dict[str, int]:
    """Every address of an active mailbox, and the account that its mail belongs to.

    The oldest mailbox's own address comes first; aliases come after all of them.
    """
    active = {"kind": "email", "is_active": True}
    own = Account.objects.filter(**active).exclude(address="").order_by("pk")
    others = Alias.objects.filter(**{f"account__{name}": value for name, value in active.items()})
    rows = [*own.values_list("address", "pk"), *others.values_list("address", "account_id")]
    found: dict[str, int] = {}
    for address, pk in rows:
        found.setdefault(address.lower(), pk)
    return found
