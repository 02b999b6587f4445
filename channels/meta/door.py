"""How Meta's webhooks prove themselves, the same for all its products.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started (read November 2026).
"""

from __future__ import annotations

from channels.base import Reply, WebhookCall
from channels.proofs import require_equal, require_hmac


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
