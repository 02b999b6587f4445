"""Connecting mailboxes and changing them. A new one watches, until somebody switches it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from channels.base import ChannelError
from channels.mailboxes import oauth
from channels.mailboxes.settings import change
from channels.models import Account, Alias
from people.models import Team, User
from support.events import DomainEvent, publish
from tickets.models import Inbox


@dataclass(frozen=True, kw_only=True)
class MailboxChanged(DomainEvent):
    """``change``: connected, settings, aliases, signed_in, disabled or enabled."""

    kind = "mailbox.changed"
    account_id: int
    change: str
    names: list[str]

    @property
    def topic(self) -> str:
        return f"account:{self.account_id}"


class Refused(ChannelError):
    """It cannot be done so; says why, in words."""


#: What a newly connected mailbox may send by itself in a minute, until somebody sets it: who
#: connects one by a form is no operator of a mail door, and twenty thousand mails are soon sent.
FIRST_BUDGET = 120


@transaction.atomic
def connect(
    address: str,
    settings: Mapping[str, Any],
    *,
    inbox: Inbox | None = None,
    team: Team | None = None,
    name: str = "",
    aliases: Sequence[str] = (),
    actor: User | None,
) -> Account:
    """A mailbox that watches, and answers nobody until it goes live. Raises ``Refused``."""
    address = _normal(address)
    _refuse_taken([address])
    if inbox is None:
        inbox = Inbox.objects.create(name=name or address, team=team)
    account = Account(kind="email", address=address, inbox=inbox, mode=Account.Mode.WATCH)
    account.automatic_per_minute = FIRST_BUDGET
    account.settings = {"username": address, **settings}
    _save(account)
    change(account, {})  # what is no setting fails here
    _tell(account, "connected", actor)
    set_aliases(account, aliases, actor=actor)
    return account


@transaction.atomic
def set_aliases(account: Account, addresses: Sequence[str], *, actor: User | None) -> None:
    """These, and no others. Raises ``Refused`` for one that is another mailbox's."""
    wanted = {_normal(each) for each in addresses if each.strip()} - {account.address}
    if len(wanted) > 50:
        raise Refused(_("A mailbox has at most 50 aliases."))
    _refuse_taken(wanted, but=account)
    held = set(account.aliases.values_list("address", flat=True))
    if wanted == held:
        return
    account.aliases.exclude(address__in=wanted).delete()
    for address in sorted(wanted - held):
        _save(Alias(account=account, address=address))
    _tell(account, "aliases", actor, sorted(wanted ^ held))


@transaction.atomic
def edit(account: Account, values: Mapping[str, Any], *, actor: User | None) -> None:
    """Change some of the settings; the event names them, and never what they hold."""
    before = dict(account.settings)
    after = asdict(change(account, values))
    names = [name for name in values if after[name] != before.get(name)]
    if names:
        _tell(account, "settings", actor, names)


def finish_sign_in(
    account: Account, *, code: str, state: str, redirect_uri: str, actor: User
) -> None:
    """The provider sent its visitor back with a code. Raises ``NoToken``."""
    oauth.finish(account, code=code, state=state, redirect_uri=redirect_uri)
    with transaction.atomic():
        _tell(account, "signed_in", actor)


def disable(account: Account, *, actor: User | None) -> None:
    """Nothing comes in any more; every row stays."""
    _switch(account, actor, is_active=False)


def enable(account: Account, *, actor: User | None) -> None:
    _switch(account, actor, is_active=True)


@transaction.atomic
def _switch(account: Account, actor: User | None, *, is_active: bool) -> None:
    changed = Account.objects.filter(pk=account.pk).exclude(is_active=is_active)
    if changed.update(is_active=is_active):
        _tell(account, "enabled" if is_active else "disabled", actor)
    account.is_active = is_active


def find(address: str) -> Account:
    """The mailbox with this address or alias. Raises ``Refused``."""
    wanted = address.strip().lower()
    mailboxes = Account.objects.filter(kind="email").select_related("inbox")
    found = (
        mailboxes.filter(address=wanted).first()
        or mailboxes.filter(aliases__address=wanted).first()
    )
    if found is None:
        raise Refused(_("There is no mailbox %(address)s.") % {"address": wanted})
    return found


def _tell(account: Account, change: str, actor: User | None, names: Sequence[str] = ()) -> None:
    actor_id = actor.pk if actor else None
    publish(
        MailboxChanged(account_id=account.pk, change=change, names=sorted(names), actor_id=actor_id)
    )


def _save(row: Account | Alias) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # made by somebody else since we looked
        raise Refused(_taken(row.address)) from error


def _normal(address: str) -> str:
    normal = address.strip().lower()
    try:
        validate_email(normal)
    except ValidationError as error:
        words = _("%(address)s is no email address.")
        raise Refused(words % {"address": address.strip()[:254]}) from error
    return normal


def _refuse_taken(addresses: Sequence[str] | set[str], *, but: Account | None = None) -> None:
    accounts = Account.objects.filter(kind="email", address__in=addresses)
    aliases = Alias.objects.filter(address__in=addresses)
    if but is not None:
        accounts, aliases = accounts.exclude(pk=but.pk), aliases.exclude(account=but)
    taken = [
        *accounts.values_list("address", flat=True),
        *aliases.values_list("address", flat=True),
    ]
    if taken:
        raise Refused(_taken(taken[0]))


def _taken(address: str) -> str:
    return _("%(address)s is a mailbox's address already.") % {"address": address}
