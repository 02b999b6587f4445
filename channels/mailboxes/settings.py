"""A mailbox's sealed settings: what cannot be right, and changing them.

They are changed under one row lock, so that no writer undoes another's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from channels.adapters.email import Email
from channels.mailboxes.hosts import is_name, may_be_open
from channels.models import Account
from channels.sending.apis import KEY_OF

#: What signing in writes, and a form must not.
TOKENS = ("refresh_token", "access_token", "access_token_until", "refreshing_until")
CHOICES = {
    "imap_security": ("ssl", "starttls", "none"),
    "smtp_security": ("starttls", "ssl", "none"),
    "sign_in": ("password", "google", "microsoft"),
    "after_fetch": ("keep", "seen", "move", "delete"),
    "outgoing": ("", *sorted(KEY_OF)),
}
_TEXTS = (
    *("username", "password", "smtp_username", "smtp_password"),
    *("folder", "move_to", "outgoing_key", "from_name"),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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


def faults(settings: Email) -> dict[str, str]:
    """What cannot be right, in words, by the name of the setting."""
    found = {
        name: _("One of: %(choices)s") % {"choices": ", ".join(choices)}
        for name, choices in CHOICES.items()
        if getattr(settings, name) not in choices
    }
    for name in _TEXTS:
        if _CONTROL.search(getattr(settings, name)):
            found[name] = _("No line breaks here.")
    for protocol in ("imap", "smtp"):
        found |= _server_faults(settings, protocol)
    if settings.after_fetch == "move" and settings.move_to.strip().lower() in (
        "",
        settings.folder.strip().lower(),
    ):
        found["move_to"] = _("Say which other folder fetched mail is moved to.")
    if settings.outgoing and not settings.outgoing_key:
        found["outgoing_key"] = _("This provider wants a key.")
    if not 0 <= settings.size_limit <= 2**31:
        found["size_limit"] = _("A number of bytes.")
    return found


def _server_faults(settings: Email, protocol: str) -> dict[str, str]:
    host = getattr(settings, f"{protocol}_host")
    if not 1 <= getattr(settings, f"{protocol}_port") <= 65535:
        return {f"{protocol}_port": _("A port is a number from 1 to 65535.")}
    if not host:
        return {}
    if not is_name(host):
        return {f"{protocol}_host": _("That is no name of a server.")}
    if getattr(settings, f"{protocol}_security") == "none" and not may_be_open(host):
        words = _("No password is sent to %(host)s unencrypted; see HARBOUR_PRIVATE_HOSTS.")
        return {f"{protocol}_security": words % {"host": host}}
    return {}
