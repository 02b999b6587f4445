"""Changing a mailbox's sealed settings: one row lock, so that no writer undoes another's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django.db import transaction

from channels.adapters.email import Email
from channels.models import Account

#: What signing in writes, and a form must not.
TOKENS = ("refresh_token", "access_token", "access_token_until", "refreshing_until")


@transaction.atomic
def change(account: Account, values: Mapping[str, Any]) -> Email:
    """Merge ``values`` into what is stored now, and into ``account``. Returns the outcome."""
    stored = Account.objects.select_for_update().get(pk=account.pk)
    changed = {**stored.settings, **values}
    adapter = Email(**changed)  # a name that is no setting fails here, before it is stored
    Account.objects.filter(pk=account.pk).update(settings=changed)
    account.settings = changed
    return adapter


def secrets() -> frozenset[str]:
    """The settings that are never shown again."""
    return frozenset(field.name for field in fields(Email) if field.metadata["secret"])
