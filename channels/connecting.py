"""Accounts of chat channels: what each wants to know, trying it out, switching it off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from channels import chat
from channels.base import Adapter, ChannelError
from channels.models import Account
from people.models import Team, User
from support import http
from support.events import DomainEvent, publish
from tickets.models import Inbox


@dataclass(frozen=True, kw_only=True)
class AccountChanged(DomainEvent):
    """``change``: connected, settings, disabled or enabled; ``names`` the settings concerned."""

    kind = "account.changed"
    account_id: int
    change: str
    names: list[str]

    @property
    def topic(self) -> str:
        return f"account:{self.account_id}"


class Refused(ChannelError):
    """It cannot be done so; says why, in words."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One setting of an adapter, as a form asks for it."""

    name: str
    help_text: str | Promise
    is_secret: bool
    is_required: bool
    default: Any
    kind: str  # str | bool | int


def kinds() -> dict[str, type[Adapter]]:
    """The chat channels there are, by kind, in the order of their names."""
    found = {kind: each for kind, each in Adapter.registry.items() if chat.is_chat(kind)}
    return dict(sorted(found.items(), key=lambda item: item[1].label))


def wanted(kind: str) -> list[Wanted]:
    """What the console's form asks for: the adapter's own fields."""
    return [
        Wanted(
            name=each.name,
            help_text=each.metadata.get("help_text", ""),
            is_secret=bool(each.metadata.get("secret")),
            is_required=each.default is MISSING,
            default=None if each.default is MISSING else each.default,
            kind=str(getattr(each.type, "__name__", each.type)),
        )
        for each in fields(Adapter.registry[kind])
    ]


def webhook_of(account: Account) -> str:
    return f"{settings.HARBOUR_URL.rstrip('/')}/hooks/{account.uuid}/"


@transaction.atomic
def connect(
    kind: str,
    values: Mapping[str, Any],
    *,
    name: str,
    team: Team | None = None,
    inbox: Inbox | None = None,
    actor: User | None,
) -> Account:
    """A new account, in an inbox of its own unless one is given. Raises ``Refused``."""
    if kind not in kinds():
        raise Refused(_("There is no such channel."))
    missing = [each.name for each in wanted(kind) if each.is_required and not values.get(each.name)]
    if missing:
        raise Refused(_("Missing: %(names)s") % {"names": ", ".join(missing)})
    if inbox is None:
        inbox = Inbox.objects.create(name=name, team=team, channel=kind)
    account = Account(kind=kind, inbox=inbox)
    account.settings = dict(values)
    account.save()
    _tell(account, "connected", actor)
    return account


@transaction.atomic
def edit(account: Account, values: Mapping[str, Any], *, actor: User | None) -> None:
    """Change settings. A secret left empty keeps what is stored; the event names no values."""
    locked = Account.objects.select_for_update().get(pk=account.pk)
    secret = {each.name for each in wanted(account.kind) if each.is_secret}
    new = {name: each for name, each in values.items() if each or name not in secret}
    changed = [name for name, each in new.items() if locked.settings.get(name) != each]
    locked.settings = {**locked.settings, **new}
    locked.needs_sign_in, locked.error = False, ""
    locked.save(update_fields=["settings", "needs_sign_in", "error"])
    if changed:
        _tell(account, "settings", actor, changed)
    account.refresh_from_db()


@transaction.atomic
def switch(account: Account, *, is_active: bool, actor: User | None) -> None:
    """Off: nothing comes in or leaves; every row stays."""
    changed = Account.objects.filter(pk=account.pk).exclude(is_active=is_active)
    if changed.update(is_active=is_active):
        _tell(account, "enabled" if is_active else "disabled", actor)
    account.is_active = is_active


def test(account: Account) -> str | None:
    """Ask the provider now: what is wrong, in words; "" when all is well; None: nothing to ask.

    No transaction is open while it answers; the outcome is kept on the account. Only a provider's
    own word says that somebody has to sign in: one that is away says nothing of our right.
    """
    try:
        wrong = account.adapter.check(webhook_of(account))
    except (http.Unreachable, http.Refused) as error:
        return _keep(account, str(error), needs_sign_in=account.needs_sign_in)
    except (ValueError, KeyError, TypeError) as error:
        said = _("It answers what we do not understand (%(what)s).")
        wrong = said % {"what": type(error).__name__}
        return _keep(account, wrong, needs_sign_in=account.needs_sign_in)
    return None if wrong is None else _keep(account, wrong, needs_sign_in=bool(wrong))


def _keep(account: Account, wrong: str, *, needs_sign_in: bool) -> str:
    wrong = wrong[:300]
    Account.objects.filter(pk=account.pk).update(
        error=wrong, error_at=timezone.now() if wrong else None, needs_sign_in=needs_sign_in
    )
    return wrong


def _tell(
    account: Account, change: str, actor: User | None, names: list[str] | None = None
) -> None:
    publish(
        AccountChanged(
            account_id=account.pk,
            change=change,
            names=sorted(names or []),
            actor_id=actor.pk if actor else None,
        )
    )
