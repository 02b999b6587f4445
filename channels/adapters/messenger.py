"""Messenger: what people write to a Facebook Page, answered by the Send API.

https://developers.facebook.com/docs/messenger-platform (v25.0, read November 2026). One account is
one Page. See ``docs/channels/messenger.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from channels import wire
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
from channels.happenings import Inbound, Unknown
from channels.meta import checks, door, media, messenger_send
from channels.meta.calls import Element, entries, read_each, unknown
from channels.meta.graph import Graph
from channels.meta.messaging import Messaging
from support.http import Answer


@dataclass(frozen=True, kw_only=True)
class Messenger(Adapter):
    kind = "messenger"
    app = door.APP
    label = "Facebook Messenger"
    capabilities = Capabilities(
        text=2000,
        files=Files(most_bytes=25 * 1024 * 1024),
        window=Window(
            length=messenger_send.WINDOW, human=messenger_send.HUMAN, outside=Outside.NOTHING
        ),
        tells_delivered=True, tells_read=True, takes_edits=True, takes_deletes=True,
        per_second=40,
    )  # fmt: skip

    steps = (
        _("At developers.facebook.com make an app of type Business and add Messenger."),
        _("Ask for pages_messaging, add the Page, and generate its token."),
        door.CHOOSE,
        _("In the app, Messenger, Webhooks: enter {webhook} and the verify token."),
        _("Subscribe the Page to messages and the other fields named in the documentation."),
        door.ONE_ADDRESS,
    )

    page_id: str = setting(_("The Page's id, in its settings."))
    access_token: str = secret(_("The Page's token, with pages_messaging."))
    app_secret: str = secret(_("The app's secret, Basic settings; two by comma while changing."))
    verify_token: str = secret(_("A word of your own, the same in the webhook's settings at Meta."))

    def verify(self, call: WebhookCall) -> None:
        door.verify(call, self.app_secret)

    def handshake(self, call: WebhookCall) -> Reply | None:
        return door.handshake(call, self.verify_token)

    def concerns(self, call: WebhookCall) -> bool:
        return door.is_for(call, self.app_secret, self.page_id)

    def check(self, webhook: str) -> str:
        return checks.wrong_with(self._graph, "me", self.page_id)

    def fetch(self, source: Mapping[str, str]) -> Media:
        return media.by_link(self._graph, source)

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        messaging = Messaging(self.kind, call.receipt_id)

        def change(change: Element) -> Iterator[Inbound]:
            """Meta's console tests a field by a change in which the event is."""
            if "sender" in change["value"]:
                yield from messaging.event(change["value"])
            else:
                yield unknown(change, f"field {change.get('field')}")

        for entry in entries(call, "page", self.page_id):
            if isinstance(entry, Unknown):
                yield entry
                continue
            yield from messaging.read(entry)
            yield from read_each(entry.get("changes"), change, "change")

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            if refused := messenger_send.unfit(message):
                yield refused
                continue
            yield wire.settle(
                message,
                lambda message=message: self._send(message),  # type: ignore[misc]
                lambda answer, message=message: messenger_send.result_of(message, answer),  # type: ignore[misc]
            )

    def _send(self, message: OutboundMessage) -> Answer:
        rule = messenger_send.manner(message) or {}
        to, path = {"id": message.thread or message.to}, f"{self.page_id}/messages"
        if message.files:
            return messenger_send.upload(self._graph, path, to, rule, message)
        body = {"recipient": to, **rule, "message": messenger_send.words(message)}
        return self._graph.post(path, body)

    @property
    def _graph(self) -> Graph:
        return Graph(self.access_token)
