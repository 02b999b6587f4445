"""The account's right at X: a token for two hours, and one to renew it, good for a single use.

What was renewed goes into the account's sealed settings at once, as nothing else could renew it
again. One process renews at a time. https://docs.x.com/fundamentals/authentication/oauth-2-0
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import transaction
from redis import RedisError

from channels import wire
from support import http
from support.redis import client

API = "https://api.x.com/2"
_LOCK_SECONDS, _WAIT_SECONDS = 25, 12


@dataclass(frozen=True, kw_only=True)
class Tokens:
    user_id: str
    client_id: str
    client_secret: str = field(repr=False)
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    def renewed(self, refused: str) -> str:
        """A token that is not ``refused``, or "" when somebody has to sign in.

        Raises ``http.Unreachable`` or ``http.Refused``.
        """
        with ExitStack() as held:
            try:
                name = hashlib.sha256(f"{self.client_id} {self.user_id}".encode()).hexdigest()[:40]
                held.enter_context(
                    client().lock(
                        f"x-token:{name}", timeout=_LOCK_SECONDS, blocking_timeout=_WAIT_SECONDS
                    )
                )
            except RedisError:
                pass  # two processes may ask at once, and the slower one has to come again
            access, refresh = self._stored()
            return access if access != refused else self._ask(refresh)

    def _ask(self, refresh: str) -> str:
        form = {
            "grant_type": "refresh_token", "refresh_token": refresh, "client_id": self.client_id,
        }  # fmt: skip
        headers = {}
        if self.client_secret:
            both = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            headers = {"Authorization": f"Basic {both}"}
        try:
            answer = wire.post(f"{API}/oauth2/token", form=form, headers=headers)
        except http.Unreachable as error:  # no message has left yet
            raise http.Unreachable(str(error)) from error
        if answer.status >= 500 or answer.status == 429:
            raise http.Unreachable(f"X gives no token now ({answer.status})")
        if not answer.is_ok:
            return ""
        said = answer.json()
        access = str(said["access_token"])
        self._keep(access, str(said.get("refresh_token") or refresh))
        return access

    def _stored(self) -> tuple[str, str]:
        """What the account's row holds now: another process may have renewed it."""
        row = self._row()
        if row is None:
            return self.access, self.refresh
        return row.settings.get("access_token", ""), row.settings.get("refresh_token", "")

    @transaction.atomic
    def _keep(self, access: str, refresh: str) -> None:
        if (row := self._row()) is None:
            return
        locked = _accounts().select_for_update().get(pk=row.pk)
        locked.settings = {**locked.settings, "access_token": access, "refresh_token": refresh}
        locked.save(update_fields=["settings"])

    def _row(self) -> Any:
        for account in _accounts().filter(kind="x").order_by("-is_active", "-pk"):
            told = account.settings
            if (told.get("user_id"), told.get("client_id")) == (self.user_id, self.client_id):
                return account
        return None


def _accounts() -> Any:
    """By name, since accounts stand above their adapters."""
    return apps.get_model("channels", "Account")._default_manager
