"""Weibo: private messages by the fan service's push, comments and mentions by asking for them.

https://open.weibo.com/wiki/Messages_api_start and the pages named in ``channels.weibo`` (of 2014,
read November 2026). The proof of a push covers a time and a number, and not what is pushed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from channels import stale, wire
from channels.base import (
    Adapter,
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
from channels.capabilities import Capabilities, Outside, Window
from channels.happenings import Inbound
from channels.proofs import require_sorted_sha1
from channels.weibo import events, feeds, send
from support import http

UPLOADS = "https://upload.api.weibo.com"
_LARGEST, _SECONDS = 20 * 1024 * 1024, 60


@dataclass(frozen=True, kw_only=True)
class Weibo(Adapter):
    kind = "weibo"
    label = gettext_noop("Weibo")
    capabilities = Capabilities(
        text=send.PRIVATE_TEXT, public_text=send.PUBLIC_TEXT, may_go_private=True,
        window=Window(length=timedelta(hours=48), outside=Outside.NOTHING),
    )  # fmt: skip

    steps = (
        _("With the verified account open the fan service platform, Advanced, Developer mode."),
        _("Enter {webhook} as the URL, and the App Key of your app; choose JSON, not XML."),
        _("Copy the access token shown there, and the App Secret of your app at open.weibo.com."),
        _("For comments and mentions: authorise the app as this account, and enter that token."),
    )

    app_secret: str = secret(_("The App Secret of your app; two by comma while changing."))
    access_token: str = secret(_("The token of the developer mode: for private messages."))
    account_id: str = setting(_("The number of our account at Weibo (uid)."), default="")
    account_token: str = secret(
        _("The account's own OAuth token: for comments and mentions. Empty: without them."),
        default="",
    )

    def check(self, webhook: str) -> str | None:
        """Whose token it is; that of the developer mode can only be tried by sending."""
        if not self.account_token:
            return None
        answer = wire.get(f"{send.API}/2/account/get_uid.json", access_token=self.account_token)
        said = answer.json()
        if said.get("error_code"):
            return send.meaning_of(said)[1]
        if self.account_id and str(said["uid"]) != self.account_id:
            return gettext("This token is another account's (%(uid)s).") % {"uid": said["uid"]}
        return ""

    def handshake(self, call: WebhookCall) -> Reply | None:
        echo = call.query.get("echostr")
        if call.method != "GET" or echo is None:
            return None
        self._require(call)
        return Reply(body=echo.encode())

    def verify(self, call: WebhookCall) -> None:
        self._require(call)
        stale.note(self.kind, call.query.get("timestamp", ""), call.at)

    def answer(self, call: WebhookCall) -> Reply:
        """Empty: Weibo would take words for the answer to its user."""
        return Reply(body=b"")

    def poll(self, cursor: str) -> Polled | None:
        return feeds.look(self.account_token, cursor) if self.account_token else None

    def fetch(self, source: Mapping[str, str]) -> Media:
        """A file by its id. The link holds the token and is never kept."""
        query = f"access_token={self.access_token}&fid={source['fid']}"
        url = wire.place(f"{UPLOADS}/2/mss/msget?{query}")
        answer = http.get(url, limit=_LARGEST, seconds=_SECONDS)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if not answer.is_ok or kind == "application/json":
            raise OSError(f"Weibo does not give out the file ({answer.status})")
        return Media(content=answer.body, content_type=kind)

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        try:
            yield from events.understood(json.loads(call.body), call.receipt_id, self.account_id)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(f"no call of Weibo's: {type(error).__name__}") from error

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            if refused := send.unfit(message, self.account_token):
                yield refused
                continue
            token = self.account_token if message.is_public else self.access_token
            ask = send.publicly if message.is_public else send.privately
            yield wire.settle(
                message,
                lambda message=message, ask=ask, token=token: ask(token, message),  # type: ignore[misc]
                lambda answer, message=message: send.result_of(message, answer),  # type: ignore[misc]
            )

    def _require(self, call: WebhookCall) -> None:
        told = (call.query.get("timestamp", ""), call.query.get("nonce", ""))
        require_sorted_sha1(call.query.get("signature", ""), self.app_secret, *told)
