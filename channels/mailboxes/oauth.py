"""Signing in to mailboxes at Google and Microsoft: OAuth 2.0 with PKCE (RFC 6749, RFC 7636).

The tokens are kept in the account's sealed settings. A token is refreshed by one process at
a time: the row lock is held only to claim the refreshing, never while the provider is asked.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from channels.adapters.email import Email
from channels.base import Adapter, ChannelError
from channels.mailboxes.settings import change
from channels.models import Account, FetchState
from support import http
from support.crypto import BadToken, short_mac, sign, verify

logger = logging.getLogger(__name__)

#: A token with less life than this is refreshed.
MARGIN = 300
#: How long one process may take to refresh; longer than an outgoing request may last.
LEASE = 20
STATE_AGE = timedelta(minutes=15)
_PURPOSE = "mailbox-sign-in"
#: The refresh token is worth nothing any more (RFC 6749, 5.2; OpenID Connect, 3.1.2.6).
_SIGN_IN_ANEW = {"invalid_grant", "interaction_required", "consent_required", "login_required"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class NoToken(ChannelError):
    """The provider gave us no access token now; later it may."""


class NeedsSignIn(NoToken):
    """The provider wants somebody to sign in again."""


class BadState(ChannelError):
    """A sign-in that we did not begin for this person, or that took too long."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Where a provider lets people sign in, and what we ask to be allowed."""

    label: str
    authorise_url: str
    token_url: str
    scopes: tuple[str, ...]
    client_id: str
    client_secret: str
    extra: tuple[tuple[str, str], ...] = ()


def provider(sign_in: str) -> Provider:
    """Raises ``NoToken`` when this installation has no client there."""
    if sign_in not in _PROVIDERS:
        raise NoToken(_("Nobody signs in to this mailbox at a provider."))
    found = _PROVIDERS[sign_in]()
    if not found.client_id:
        name = f"HARBOUR_{sign_in.upper()}_CLIENT_ID"
        raise NoToken(_("%(name)s is not set; see docs/email.md.") % {"name": name})
    return found


def available() -> list[str]:
    """The providers at which this installation has a client."""
    return [name for name, there in _PROVIDERS.items() if there().client_id]


def _google() -> Provider:
    return Provider(
        label="Google",
        authorise_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        scopes=("https://mail.google.com/",),
        client_id=settings.HARBOUR_GOOGLE_CLIENT_ID,
        client_secret=settings.HARBOUR_GOOGLE_CLIENT_SECRET,
        extra=(("access_type", "offline"), ("prompt", "consent")),
    )


def _microsoft() -> Provider:
    door = f"{settings.HARBOUR_MICROSOFT_LOGIN}/{settings.HARBOUR_MICROSOFT_TENANT}/oauth2/v2.0"
    mail = settings.HARBOUR_MICROSOFT_MAIL
    return Provider(
        label="Microsoft",
        authorise_url=f"{door}/authorize",
        token_url=f"{door}/token",
        scopes=(f"{mail}/IMAP.AccessAsUser.All", f"{mail}/SMTP.Send", "offline_access"),
        client_id=settings.HARBOUR_MICROSOFT_CLIENT_ID,
        client_secret=settings.HARBOUR_MICROSOFT_CLIENT_SECRET,
        extra=(("prompt", "select_account"),),
    )


_PROVIDERS = {"google": _google, "microsoft": _microsoft}


def begin(account: Account, *, user_id: int, redirect_uri: str) -> str:
    """The address at which this user signs in to the mailbox. Raises ``NoToken``."""
    there = provider(account.settings["sign_in"])
    state = sign(_PURPOSE, {"account": account.pk, "user": user_id}, max_age=STATE_AGE)
    address = prepare_grant_uri(
        there.authorise_url,
        there.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=there.scopes,
        state=state,
        code_challenge=create_s256_code_challenge(_verifier(state)),
        code_challenge_method="S256",
        login_hint=account.settings.get("username") or account.address,
        **dict(there.extra),
    )
    return cast("str", address)


def account_of(state: str, *, user_id: int) -> int:
    """The account whose sign-in comes back with this state. Raises ``BadState``."""
    try:
        said = verify(_PURPOSE, state)
    except BadToken as error:
        raise BadState(_("That sign-in was not begun here, or it took too long.")) from error
    if said["user"] != user_id:
        raise BadState(_("Somebody else began that sign-in."))
    return int(said["account"])


def finish(account: Account, *, code: str, state: str, redirect_uri: str) -> None:
    """Take the code to the provider and keep the tokens. Raises ``NoToken``."""
    there = provider(account.settings["sign_in"])
    answer = _ask(
        there,
        "authorization_code",
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=_verifier(state),
    )
    if not answer.get("refresh_token"):
        raise NoToken(_("The provider would forget us within the hour: it gave no refresh token."))
    change(account, _tokens(answer))
    FetchState.objects.filter(account=account).update(
        needs_sign_in=False, error="", failures=0, next_try_at=timezone.now()
    )


def access_token(account: Account) -> str:
    """A token that is good for some minutes. Raises ``NeedsSignIn``, or ``NoToken`` for now."""
    until = time.monotonic() + LEASE
    while time.monotonic() < until:
        try:
            adapter, is_mine = _claim(account)
        except NeedsSignIn as error:
            _ask_for_sign_in(account, error)
            raise
        if is_mine:
            return _refresh(account, adapter)
        if adapter.access_token_until > time.time():
            return adapter.access_token
        time.sleep(0.2)
    raise NoToken(_("The token is being renewed."))


def drop_token(account: Account, token: str) -> None:
    """The mailbox refused this access token: the next one is asked for anew."""
    with transaction.atomic():
        stored = Account.objects.select_for_update().get(pk=account.pk)
        if stored.settings.get("access_token") == token:
            change(account, {"access_token": "", "access_token_until": 0})


def signed_in(account: Account) -> Adapter:
    """The account's adapter as it can send now: a mailbox whose token is gone sends nothing."""
    adapter = account.adapter
    if not isinstance(adapter, Email):
        return adapter
    adapter = replace(adapter, username=adapter.username or account.address)
    if not adapter.signs_in_to_send:
        return adapter
    try:
        return replace(adapter, access_token=access_token(account))
    except NoToken as error:
        logger.warning("%s cannot send: %s", account, error)
        return replace(adapter, access_token="")


def _verifier(state: str) -> str:
    """Known to us alone, and the same again when the state comes back (RFC 7636, 4.1)."""
    return short_mac("mailbox-sign-in-verifier", state, bits=256)


@transaction.atomic
def _claim(account: Account) -> tuple[Email, bool]:
    """What is stored, and whether it is for us to refresh it now."""
    stored = Account.objects.select_for_update().get(pk=account.pk)
    account.settings = stored.settings
    adapter, now = cast("Email", stored.adapter), time.time()
    if adapter.access_token_until > now + MARGIN or adapter.refreshing_until > now:
        return adapter, False
    if not adapter.refresh_token:
        raise NeedsSignIn(_("Nobody has signed in yet, or the provider forgot us."))
    change(account, {"refreshing_until": int(now) + LEASE})
    return adapter, True


def _refresh(account: Account, adapter: Email) -> str:
    try:
        there = provider(adapter.sign_in)
        answer = _ask(there, "refresh_token", refresh_token=adapter.refresh_token)
    except NeedsSignIn as error:
        gone = {"refresh_token": "", "access_token": "", "access_token_until": 0}
        if _settle(account, adapter, gone):
            _ask_for_sign_in(account, error)
        raise
    except NoToken:
        _settle(account, adapter, {})
        raise
    tokens = _tokens(answer)
    _settle(account, adapter, tokens)
    return str(tokens["access_token"])


@transaction.atomic
def _settle(account: Account, used: Email, values: dict[str, Any]) -> bool:
    """Store the outcome, unless somebody signed in anew meanwhile."""
    stored = Account.objects.select_for_update().get(pk=account.pk)
    account.settings = stored.settings
    if stored.settings.get("refresh_token") != used.refresh_token:
        return False
    change(account, {**values, "refreshing_until": 0})
    return True


def _ask_for_sign_in(account: Account, error: NeedsSignIn) -> None:
    """The first reason stays: it says when and why the provider forgot us."""
    FetchState.objects.get_or_create(account=account)
    FetchState.objects.filter(account=account, needs_sign_in=False).update(
        needs_sign_in=True, error=str(error)[:500], error_at=timezone.now()
    )


def _tokens(answer: dict[str, Any]) -> dict[str, Any]:
    kept = {"refresh_token": answer["refresh_token"]} if answer.get("refresh_token") else {}
    life = int(answer.get("expires_in") or 3600)
    return {
        **kept,
        "access_token": str(answer["access_token"]),
        "access_token_until": int(time.time()) + life,
        "refreshing_until": 0,
    }


def _ask(there: Provider, grant: str, **values: str) -> dict[str, Any]:
    body = prepare_token_request(
        grant, client_id=there.client_id, client_secret=there.client_secret, **values
    )
    try:
        answer = http.post(there.token_url, content=body.encode(), headers=_FORM)
        said = answer.json()
    except (http.Unreachable, http.Refused, ValueError) as error:
        words = _("%(provider)s does not answer: %(said)s")
        raise NoToken(words % {"provider": there.label, "said": str(error)[:200]}) from error
    if not isinstance(said, dict):
        raise NoToken(_("%(provider)s answered no token.") % {"provider": there.label})
    if answer.is_ok and said.get("access_token"):
        return said
    reason = str(said.get("error_description") or said.get("error") or answer.status)
    told = f"{there.label}: {' '.join(reason.split())}"[:200]
    raise NeedsSignIn(told) if said.get("error") in _SIGN_IN_ANEW else NoToken(told)
