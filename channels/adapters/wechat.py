"""WeChat Official Accounts: messages and events by webhook, answers as customer service messages.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/ (November 2026). With an
EncodingAESKey only encrypted calls are taken: the "compatible" mode would let a forger choose the
plain one. WeChat must hear "success" within five seconds, or tells the customer of a failure; so
answers never go by the reply to a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from channels import stale, wire
from channels.base import (
    Adapter,
    Forged,
    Media,
    OutboundMessage,
    RawCall,
    Reply,
    Result,
    Unreadable,
    WebhookCall,
    secret,
    setting,
)
from channels.capabilities import Capabilities, Files, Outside, Unit, Window
from channels.happenings import Inbound
from channels.proofs import require_sorted_sha1, secrets_of
from channels.wechat import crypt, envelope, events, media, send
from channels.wechat.calls import Api, code_of, said_by


@dataclass(frozen=True, kw_only=True)
class WeChat(Adapter):
    kind = "wechat"
    label = gettext_noop("WeChat")
    #: Of the five messages that each of the customer's allows one is for the acknowledgement.
    capabilities = Capabilities(
        text=2048, unit=Unit.BYTES, most_parts=4,
        files=Files(most_bytes=10 * 1024 * 1024, types=tuple(send.TYPES)),
        window=Window(length=timedelta(hours=48), messages=5, outside=Outside.NOTHING),
    )  # fmt: skip

    steps = (
        _("At mp.weixin.qq.com open Basic configuration; copy the AppID and make an AppSecret."),
        _("Enter the addresses from which Harbour goes out in the IP whitelist of that page."),
        _("Choose a Token and let the page make an EncodingAESKey; enter all four here."),
        _("Enter {webhook} as the server's URL, choose the security mode, and switch it on."),
    )

    app_id: str = setting(_("AppID: Settings and development, Basic configuration."))
    app_secret: str = secret(_("AppSecret, of the same page."))
    token: str = secret(_("The Token of the server configuration; two by comma while changing."))
    aes_key: str = secret(
        _(
            "EncodingAESKey, for the security mode; two by comma while changing. "
            "Empty: the plain mode, whose calls prove less."
        ),
        default="",
    )

    def check(self, webhook: str) -> str:
        """Asks for WeChat's own addresses, for which a token and our place in its list suffice."""
        try:
            for key in secrets_of(self.aes_key):
                crypt.seal(b"", key, self.app_id)
        except ValueError:
            return gettext("An EncodingAESKey has 43 characters.")
        asked = "get_api_domain_ip"
        answer = self._api.call(lambda token: wire.get(send.url(asked, access_token=token)))
        return f"{code} {said_by(answer).get('errmsg', '')}" if (code := code_of(answer)) else ""

    def handshake(self, call: WebhookCall) -> Reply | None:
        echo = call.query.get("echostr")
        if call.method != "GET" or echo is None:
            return None
        if self.aes_key and "msg_signature" in call.query:
            self._require(call, "msg_signature", echo)
            return Reply(body=crypt.unseal(echo, self.aes_key, self.app_id))
        self._require(call, "signature")
        return Reply(body=echo.encode())

    def verify(self, call: WebhookCall) -> None:
        if self.aes_key:
            try:
                sealed = envelope.read(call.body).get("Encrypt", "")
            except Unreadable as error:
                raise Forged(str(error)) from error
            self._require(call, "msg_signature", sealed)
            crypt.unseal(sealed, self.aes_key, self.app_id)
        else:
            self._require(call, "signature")
        stale.note(self.kind, call.query.get("timestamp", ""), call.at)

    def answer(self, call: WebhookCall) -> Reply:
        return Reply(body=b"success")

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        try:
            told = envelope.read(call.body)
            if self.aes_key:
                opened = crypt.unseal(told.get("Encrypt", ""), self.aes_key, self.app_id)
                told = envelope.read(opened)
            yield from events.understood(told, call.receipt_id)
        except Forged as error:
            raise Unreadable(str(error)) from error
        except (ValueError, KeyError, OverflowError, OSError) as error:
            raise Unreadable(f"no call of WeChat's: {type(error).__name__}") from error

    def fetch(self, source: Mapping[str, str]) -> Media:
        return media.fetch(self._api, source)

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            if refused := send.unfit(message):
                yield refused
                continue
            yield wire.settle(
                message,
                lambda message=message: send.send_one(self._api, message),  # type: ignore[misc]
                lambda answer, message=message: send.result_of(message, answer),  # type: ignore[misc]
            )

    def _require(self, call: WebhookCall, name: str, *sealed: str) -> None:
        told = (call.query.get("timestamp", ""), call.query.get("nonce", ""), *sealed)
        require_sorted_sha1(call.query.get(name, ""), self.token, *told)

    @property
    def _api(self) -> Api:
        return Api(self.app_id, self.app_secret)
