"""Support inside our customers' own apps: signed calls in, Standard Webhooks out.

``docs/channels/app.md`` is the description for those who build such an app. Nothing of it is any
platform's: a chat of a product without an adapter of its own can be connected by it, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from channels import wire
from channels.base import (
    Adapter,
    Forged,
    Media,
    OutboundMessage,
    RawCall,
    Result,
    Unreadable,
    WebhookCall,
    secret,
    setting,
)
from channels.capabilities import Capabilities, Files
from channels.happenings import Inbound
from channels.own_app import events, signing
from channels.own_app.identity import Identity, opened, require_now
from channels.own_app.send import data_of, result_of, tell
from support import http

_LARGEST = 25 * 1024 * 1024
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class App(Adapter):
    kind = "app"
    label = gettext_noop("App")
    capabilities = Capabilities(
        text=10_000, caption=10_000, files=Files(most_bytes=_LARGEST, by="url"),
        tells_delivered=True, tells_read=True, takes_edits=True, takes_deletes=True,
        is_idempotent=True, answer_within=timedelta(seconds=10),
    )  # fmt: skip

    steps = (
        _("Choose two secrets (whsec_ and 32 random bytes in base64) and a third for identities."),
        _("Let your server send messages to {webhook}, signed as Standard Webhooks says."),
        _("Enter the address at which your server takes our answers; check our signature there."),
        _("Sign who the person is on your server, never in the app itself."),
    )  # fmt: skip

    url: str = setting(_("Where your server takes our answers: https://…"))
    webhook_secret: str = secret(_("whsec_…, signs calls to us; two by comma while changing."))
    our_secret: str = secret(_("whsec_…, signs our calls to you; two by comma while changing."))
    identity_secret: str = secret(
        _(
            "Signs who a person is (HS256); two by comma while changing. "
            "Empty: nobody is vouched for."
        ),
        default="",
    )

    def verify(self, call: WebhookCall) -> None:
        signing.require(call.headers, self.webhook_secret, call.body, call.at)
        try:
            identity = self._identity(json.loads(call.body))
        except _MALFORMED as error:
            raise Unreadable(f"no call of an app's: {type(error).__name__}") from error
        if identity is not None:
            number = call.headers.get("Webhook-Id", "")
            require_now(identity, self.webhook_secret, number, call.at)

    def check(self, webhook: str) -> str:
        """A call of type ``ping``, which tells the app our address."""
        answer = tell(self.url, self.our_secret, f"ping-{uuid4()}", "ping", {"webhook": webhook})
        return "" if answer.is_ok else f"the app answers {answer.status}"

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        """An identity was good when the call came; by now its time may be over."""
        try:
            body = json.loads(call.body)
            digest = hashlib.sha256(call.body).hexdigest()
            yield events.understood(body, digest, self._identity(body), call.receipt_id)
        except (*_MALFORMED, Forged) as error:
            raise Unreadable(f"no call of an app's: {type(error).__name__}") from error

    def fetch(self, source: Mapping[str, str]) -> Media:
        answer = http.get(wire.place(source["url"]), limit=_LARGEST, seconds=60)
        if not answer.is_ok:
            raise OSError(f"the app does not give out the file ({answer.status})")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        return Media(content=answer.body, content_type=kind)

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            yield wire.settle(
                message,
                lambda message=message: tell(  # type: ignore[misc]
                    self.url, self.our_secret, message.external_id, "message.created",
                    data_of(message),
                ),
                lambda answer, message=message: result_of(message, answer),  # type: ignore[misc]
            )  # fmt: skip

    def _identity(self, body: Mapping[str, Any]) -> Identity | None:
        """Whom the app vouches for, if for anybody. Raises ``Forged``."""
        user = (body.get("data") or {}).get("user") or {}
        token = user.get("identity")
        if not token:
            return None
        identity = opened(str(token), self.identity_secret)
        if str(user.get("id") or identity.sub) != identity.sub:
            raise Forged("the identity is another person's")
        return identity
