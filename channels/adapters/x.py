"""X: direct messages, mentions and replies by the X Activity API.

https://docs.x.com/x-api/activity/introduction (read November 2026). X tries our address out by a
challenge that is signed like its calls, so a challenge that could be read as a call is refused.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from channels import wire
from channels.base import (
    Adapter,
    Forged,
    Media,
    OutboundMessage,
    Polled,
    RawCall,
    Reply,
    Result,
    Unreadable,
    WebhookCall,
    secret,
    setting,
)
from channels.capabilities import Capabilities, Files, Unit
from channels.happenings import Inbound
from channels.proofs import base64_of, require_hmac, secrets_of
from channels.x import connecting, polling, send
from channels.x.api import Api
from channels.x.events import Events
from channels.x.tokens import Tokens

_CHALLENGE = re.compile(r"[A-Za-z0-9+/=_.~-]{1,512}")


@dataclass(frozen=True, kw_only=True)
class X(Adapter):
    kind = "x"
    label = "X"
    capabilities = Capabilities(
        text=8000, public_text=280, unit=Unit.CHARACTERS, public_unit=Unit.WEIGHTED, most_parts=4,
        caption=280,
        files=Files(most_bytes=5 * 1024 * 1024, types=("image/jpeg", "image/png", "image/gif")),
        may_go_private=True, tells_read=True, takes_deletes=True,
        per_second=1 / 60, answer_within=timedelta(seconds=10),
    )  # fmt: skip

    steps = (
        _("At console.x.com make an app with OAuth 2.0 for your account; pay-per-use is enough."),
        _("Sign in as the account with dm.read, dm.write, tweet.read, tweet.write, users.read, "
          "media.write and offline.access, and copy both tokens."),
        _("Enter the keys here; with the bearer token we register {webhook} when you test it."),
        _("Encrypted chats (XChat) cannot be read by any app: allow ordinary messages."),
    )  # fmt: skip

    user_id: str = setting(_("The account's number, not its @name."))
    consumer_secret: str = secret(_("The app's API key secret; two by comma while changing."))
    client_id: str = setting(_("The app's OAuth 2.0 client ID."))
    client_secret: str = secret(_("Its client secret; empty for a public client."), default="")
    access_token: str = secret(_("The account's OAuth 2.0 access token. We renew it."))
    refresh_token: str = secret(_("The token by which we renew it, from offline.access."))
    bearer_token: str = secret(_("The app's own token: to register our address."), default="")
    polls: bool = setting(_("Ask for messages, where no webhook can reach us."), default=False)

    def verify(self, call: WebhookCall) -> None:
        require_hmac(
            call.headers.get("X-Twitter-Webhooks-Signature", ""), self.consumer_secret, call.body,
            prefix="sha256=", encode=base64_of,
        )  # fmt: skip

    def handshake(self, call: WebhookCall) -> Reply | None:
        token = call.query.get("crc_token")
        if call.method != "GET" or token is None:
            return None
        keys = secrets_of(self.consumer_secret)
        if not keys or not _CHALLENGE.fullmatch(token):
            raise Forged("no challenge of X's")
        proof = base64_of(hmac.digest(keys[0].encode(), token.encode(), "sha256"))
        body = json.dumps({"response_token": f"sha256={proof}"}).encode()
        return Reply(body=body, content_type="application/json")

    def check(self, webhook: str) -> str:
        return connecting.wrong(self._api, self.user_id, self.bearer_token, webhook)

    def poll(self, cursor: str) -> Polled | None:
        return polling.since(self._api, self.user_id, cursor) if self.polls else None

    def fetch(self, source: Mapping[str, str]) -> Media:
        return self._api.fetch(source["url"])

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        try:
            body = json.loads(call.body)
            yield from Events(self.user_id, call.receipt_id).read(body)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(f"no event of X's: {type(error).__name__}") from error

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        own, api = self.user_id, self._api
        for message in messages:
            yield wire.settle(
                message,
                lambda message=message: send.send_one(api, own, message),  # type: ignore[misc]
                lambda answer, message=message: send.result_of(own, message, answer),  # type: ignore[misc]
            )

    @property
    def _api(self) -> Api:
        return Api(
            Tokens(
                user_id=self.user_id, client_id=self.client_id, client_secret=self.client_secret,
                access=self.access_token, refresh=self.refresh_token,
            )
        )  # fmt: skip
