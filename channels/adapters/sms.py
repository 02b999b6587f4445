"""Text messages by Twilio: SMS and MMS, and WhatsApp where Twilio is the provider.

https://www.twilio.com/docs/messaging/api/message-resource (read November 2026). Twilio cuts a text
of up to 1,600 characters into segments itself and puts them together again on the telephone. There
is no key that would drop a repetition. Another provider of text messages needs a file like this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from channels import public_files, wire
from channels.base import (
    Adapter,
    Media,
    OutboundMessage,
    RawCall,
    Reply,
    Result,
    WebhookCall,
    secret,
    setting,
)
from channels.capabilities import Capabilities, Files, Unit
from channels.happenings import Inbound
from channels.twilio import forms
from channels.twilio.api import SERVICES, Api, result_of
from channels.twilio.messages import understood
from support.http import Answer


@dataclass(frozen=True, kw_only=True)
class Sms(Adapter):
    kind = "sms"
    label = gettext_noop("SMS")
    capabilities = Capabilities(
        text=1600, unit=Unit.UTF16, caption=1600, most_parts=4,
        files=Files(
            most_bytes=5 * 1024 * 1024, types=("image/jpeg", "image/png", "image/gif"), by="url"
        ),
        tells_delivered=True, tells_read=True, per_second=1,
    )  # fmt: skip

    steps = (
        _("In Twilio's console copy the Account SID and the Auth Token of the (sub)account."),
        _("Buy a number, or make a Messaging Service with several, and enter it here."),
        _("We then tell Twilio our address {webhook} when you test the connection."),
        _("For numbers of the USA register the sender (A2P 10DLC), or networks drop its messages."),
    )

    account_sid: str = setting(
        _("Begins with AC. The account, or subaccount, that owns the number.")
    )
    auth_token: str = secret(_("Of the same account, no API key; two by comma while changing."))
    sender: str = setting(_("A number such as +14155550199, or a Messaging Service (MG…)."))

    def verify(self, call: WebhookCall) -> None:
        forms.verify(call, self.auth_token)

    def answer(self, call: WebhookCall) -> Reply:
        return Reply(body=forms.EMPTY, content_type=forms.XML)

    def check(self, webhook: str) -> str:
        """Tells Twilio our address, too; numbers of WhatsApp's get theirs in its console."""
        if wrong := self._api.wrong():
            return wrong
        if self.sender.startswith("MG"):
            form = {"InboundRequestUrl": webhook, "StatusCallback": webhook}
            form |= {"InboundMethod": "POST", "UseInboundWebhookOnNumber": "false"}
            answer = self._api.post(f"{SERVICES}/{self.sender}", form)
            return "" if answer.is_ok else f"Twilio answers {answer.status}"
        if not self.sender.startswith("+"):
            return ""
        return self._api.configure_number(self.sender, {"SmsUrl": webhook, "SmsMethod": "POST"})

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        yield from understood(forms.read(call.body), self.kind, call.receipt_id)

    def fetch(self, source: Mapping[str, str]) -> Media:
        return self._api.fetch(source)

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            yield wire.settle(
                message,
                lambda message=message: self._send_one(message),  # type: ignore[misc]
                lambda answer, message=message: result_of(message, answer),  # type: ignore[misc]
            )

    def _send_one(self, message: OutboundMessage) -> Answer:
        """From the number that the person wrote to, where that is known."""
        to, _slash, ours = (message.thread or message.to).partition("/")
        sender = ours or self.sender
        form = [("To", to), ("MessagingServiceSid" if sender.startswith("MG") else "From", sender)]
        if message.text:
            form.append(("Body", message.text))
        form += [("MediaUrl", public_files.link(file)) for file in message.files]
        if message.reports_to:
            form.append(("StatusCallback", message.reports_to))
        return self._api.post("/Messages.json", form)

    @property
    def _api(self) -> Api:
        return Api(self.account_sid, self.auth_token)
