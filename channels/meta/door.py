"""How Meta's webhooks prove themselves, the same for all its products.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started (read November 2026).
"""

from __future__ import annotations

import json

from django.utils.translation import gettext_lazy as _

from channels.base import Forged, Reply, WebhookCall
from channels.meta.calls import MALFORMED
from channels.proofs import require_equal, require_hmac

#: Accounts of one app are called at one address; see ``is_for``.
APP = "meta"
#: Steps that all four have in common.
CHOOSE = _("Copy the app secret (App settings, Basic) and choose a verify token of your own.")
ONE_ADDRESS = _(
    "Meta has one address for each app: with several accounts enter that of any of them."
)


def verify(call: WebhookCall, app_secret: str) -> None:
    """Meta signs the bytes that it sends, with the app's secret. Raises ``Forged``."""
    claimed = call.headers.get("X-Hub-Signature-256", "")
    require_hmac(claimed, app_secret, call.body, prefix="sha256=")


def handshake(call: WebhookCall, verify_token: str) -> Reply | None:
    """The challenge, for whoever knows our word. Raises ``Forged``."""
    if call.method != "GET" or call.query.get("hub.mode") != "subscribe":
        return None
    require_equal(call.query.get("hub.verify_token", ""), verify_token)
    return Reply(body=call.query.get("hub.challenge", "").encode())


def is_for(call: WebhookCall, app_secret: str, *own_ids: str) -> bool:
    """Whether a call that came at another account's address is of our app, and names us."""
    try:
        verify(call, app_secret)
        body = json.loads(call.body)
        calls = body if isinstance(body, list) else [body]
        return any(_names(entry, own_ids) for each in calls for entry in each["entry"])
    except (Forged, *MALFORMED, RecursionError):
        return False


def _names(entry: object, own_ids: tuple[str, ...]) -> bool:
    """By the entry's id, or by the number that a change of WhatsApp's is about."""
    if not isinstance(entry, dict):
        return False
    changes = entry.get("changes") or [{}]
    found = {_number(change) or str(entry.get("id") or "") for change in changes}
    return not found.isdisjoint(each for each in own_ids if each)


def _number(change: object) -> str:
    value = change.get("value") if isinstance(change, dict) else None
    about = value.get("metadata") if isinstance(value, dict) else None
    return str(about.get("phone_number_id") or "") if isinstance(about, dict) else ""
