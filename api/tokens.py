"""Making, finding and revoking API tokens."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from api import scopes as known
from api.models import ApiToken
from people.models import User

LONGEST_LIFE = timedelta(days=365)
USE_NOTED_EVERY = timedelta(minutes=1)
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 40  # 238 bits


def issue(
    name: str,
    *,
    scopes: Iterable[str],
    agent: User | None = None,
    life: timedelta = LONGEST_LIFE,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which cannot be read again. Raises ``ValueError``."""
    wanted = sorted(set(scopes))
    if not wanted or (unknown := set(wanted) - set(known.ALL)):
        bad = ", ".join(sorted(unknown)) if wanted else "none given"
        raise ValueError(f"unknown scopes: {bad}; there are {', '.join(known.ALL)}")
    if not timedelta(0) < life <= LONGEST_LIFE:
        raise ValueError(f"a token lives between 1 and {LONGEST_LIFE.days} days")
    secret = ApiToken.PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    token = ApiToken.objects.create(
        name=name,
        digest=_digest(secret),
        last4=secret[-4:],
        scopes=wanted,
        agent=agent,
        expires_at=timezone.now() + life,
    )
    return token, secret


def find(secret: str) -> ApiToken | None:
    """The usable token with this secret. Looking up a hash leaks nothing by its time."""
    if not secret.startswith(ApiToken.PREFIX) or len(secret) != len(ApiToken.PREFIX) + _LENGTH:
        return None
    usable = ApiToken.objects.usable().select_related("agent")
    return usable.filter(digest=_digest(secret)).first()


def note_use(token: ApiToken) -> None:
    """Remember that it was used; written at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def revoke(name: str) -> int:
    """End every token called ``name`` at once. Returns how many there were."""
    return ApiToken.objects.filter(name=name, revoked_at=None).update(revoked_at=timezone.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
