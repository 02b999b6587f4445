"""WhatsApp by Meta's own Cloud API: messages and statuses by webhook, answers by the Graph API.

https://developers.facebook.com/docs/whatsapp/cloud-api (v25.0, read November 2026). One account is
one telephone number. See ``docs/channels/whatsapp.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

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
from channels.capabilities import Capabilities, Files, Outside, Window
from channels.happenings import Inbound, Revoked, Unknown
from channels.meta import checks, door, media
from channels.meta.calls import Element, entries, read_each, time_of, unknown
from channels.meta.graph import Graph
from channels.meta.whatsapp_events import Events
from channels.meta.whatsapp_send import WINDOW, deliver

_PRODUCT = "whatsapp_business_account"
#: Changes with messages, statuses or calls in them. All others are about the account.
_FIELDS = ("messages", "smb_message_echoes", "calls", "user_id_update")
#: What ends our right to the number.
_ENDS = ("ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "PARTNER_REMOVED", "PARTNER_APP_UNINSTALLED")
#: What its upload takes.
_TYPES = (
    "image/jpeg", "image/png", "image/webp", "video/mp4", "video/3gpp", "audio/aac", "audio/amr",
    "audio/mpeg", "audio/mp4", "audio/ogg", "text/plain", "application/pdf", "application/msword",
    "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class WhatsApp(Adapter):
    kind = "whatsapp"
    app = door.APP
    label = "WhatsApp"
    capabilities = Capabilities(
        text=4096, caption=1024, markup="whatsapp",
        files=Files(most_bytes=100 * 1024 * 1024, types=_TYPES),
        window=Window(length=WINDOW, outside=Outside.TEMPLATE),
        tells_delivered=True, tells_read=True, takes_edits=True, takes_deletes=True,
        per_second=80, per_conversation=1 / 6, answer_within=timedelta(seconds=1),
    )  # fmt: skip

    steps = (
        _("At developers.facebook.com make an app of type Business; add WhatsApp and the number."),
        _("Give a system user the app and the WhatsApp account; make a token that does not end."),
        door.CHOOSE,
        _("In the app, WhatsApp, Configuration: enter {webhook} and the verify token."),
        _("Subscribe to messages and account_update."),
        door.ONE_ADDRESS,
    )

    phone_number_id: str = setting(_("The id of the number, in the app's WhatsApp settings."))
    access_token: str = secret(_("A system user's token, with whatsapp_business_messaging."))
    app_secret: str = secret(_("The app's secret, Basic settings; two by comma while changing."))
    verify_token: str = secret(_("A word of your own, the same in the webhook's settings at Meta."))
    business_account_id: str = setting(
        _("The id of the WhatsApp Business account: needed to hear that it was closed."), default=""
    )

    def verify(self, call: WebhookCall) -> None:
        door.verify(call, self.app_secret)

    def handshake(self, call: WebhookCall) -> Reply | None:
        return door.handshake(call, self.verify_token)

    def concerns(self, call: WebhookCall) -> bool:
        return door.is_for(call, self.app_secret, self.business_account_id, self.phone_number_id)

    def check(self, webhook: str) -> str:
        return checks.wrong_with(self._graph, self.phone_number_id, self.phone_number_id)

    def fetch(self, source: Mapping[str, str]) -> Media:
        return media.by_id(self._graph, source)

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        for entry in entries(call, _PRODUCT, self.business_account_id):
            if isinstance(entry, Unknown):
                yield entry
                continue
            yield from read_each(
                entry.get("changes"),
                lambda change, entry=entry: self._change(change, entry, call),  # type: ignore[misc]
                "change",
            )

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            yield deliver(self._graph, self.phone_number_id, message)

    def _change(self, change: Element, entry: Element, call: RawCall) -> Iterator[Inbound]:
        value, field = change["value"], str(change.get("field", "messages"))
        if field == "account_update":
            yield _about_account(value, entry, is_ours=bool(self.business_account_id))
        elif field not in _FIELDS:
            yield unknown(change, f"field {field}")
        elif (number := str(value["metadata"]["phone_number_id"])) != self.phone_number_id:
            yield unknown(change, f"for number {number}")
        else:
            told = list(Events(number, value.get("contacts"), call.receipt_id).read(value))
            yield from told or [unknown(change, f"{field} {_named(value)}")]

    @property
    def _graph(self) -> Graph:
        return Graph(self.access_token)


def _about_account(value: Element, entry: Element, *, is_ours: bool) -> Inbound:
    """Of an account that we do not know by its id, nothing ends our right."""
    event = str(value.get("event"))
    state = str((value.get("ban_info") or {}).get("waba_ban_state") or "")
    at = time_of(entry["time"])
    if is_ours and (event in _ENDS or state == "DISABLE"):
        number = f"account:{event}:{entry.get('id')}:{entry['time']}"
        return Revoked(external_id=number, at=at, reason=f"{event} {state}".strip())
    return unknown({"entry": entry}, f"account {event}", at=at)


def _named(value: Element) -> str:
    return ",".join(sorted(set(value) - {"messaging_product", "metadata", "contacts"}))
