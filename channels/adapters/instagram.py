"""Instagram: direct messages, and comments that everybody can read.

https://developers.facebook.com/docs/instagram-platform (v25.0, read November 2026). One account is
one professional account, connected by either login: Facebook's (a Page's token) or Instagram's own
(a token that is renewed, and an app secret of its own). A conversation is a person, or
``comment:`` and the first comment. See ``docs/channels/instagram.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from channels import wire
from channels.base import (
    Adapter,
    Media,
    OutboundMessage,
    Outcome,
    RawCall,
    Reply,
    Result,
    WebhookCall,
    secret,
    setting,
)
from channels.capabilities import Capabilities, Files, Outside, Unit, Window
from channels.happenings import Echo, Inbound, Unknown
from channels.meta import checks, door, media, messenger_send, tokens
from channels.meta.calls import Element, entries, id_of, read_each, text_of, time_of, unknown
from channels.meta.graph import FACEBOOK, INSTAGRAM, Graph
from channels.meta.messaging import Messaging
from channels.public_files import link
from people.operations import Address
from support.http import Answer
from tickets.inbound import InboundMessage

COMMENT = "comment:"
_FIELDS = ("comments", "live_comments")
_TYPES = (
    "image/jpeg", "image/png", "image/gif", "video/mp4", "video/ogg", "video/x-msvideo",
    "video/quicktime", "video/webm", "audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav",
    "audio/x-wav", "application/pdf",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Instagram(Adapter):
    kind = "instagram"
    app = door.APP
    label = "Instagram"
    capabilities = Capabilities(
        text=1000, unit=Unit.BYTES,
        files=Files(most_bytes=25 * 1024 * 1024, types=_TYPES, by="url"),
        window=Window(
            length=messenger_send.WINDOW, human=messenger_send.HUMAN, outside=Outside.NOTHING
        ),
        may_go_private=True, tells_read=True, takes_edits=True, takes_deletes=True,
        per_second=40,
    )  # fmt: skip

    steps = (
        _("At developers.facebook.com make an app of type Business and add Instagram."),
        _("Connect the professional account by either login and generate its token."),
        door.CHOOSE,
        _("In the app, Webhooks, Instagram: enter {webhook} and the verify token."),
        _("Subscribe to messages, comments and the other fields named in the documentation."),
        door.ONE_ADDRESS,
    )

    instagram_id: str = setting(_("The id of the professional account, as webhooks name it."))
    access_token: str = secret(_("The Page's token, or with Instagram login the account's own."))
    app_secret: str = secret(_("The app's secret, of the same login; two by comma while changing."))
    verify_token: str = secret(_("A word of your own, the same in the webhook's settings at Meta."))
    has_instagram_login: bool = setting(
        _("Connected by Instagram's own login, without a Facebook Page."), default=False
    )

    def verify(self, call: WebhookCall) -> None:
        door.verify(call, self.app_secret)

    def handshake(self, call: WebhookCall) -> Reply | None:
        return door.handshake(call, self.verify_token)

    def concerns(self, call: WebhookCall) -> bool:
        return door.is_for(call, self.app_secret, self.instagram_id)

    def check(self, webhook: str) -> str:
        if self.has_instagram_login:
            return checks.wrong_with(self._graph(), "me", self.instagram_id, name="user_id")
        return checks.wrong_with(self._graph(), self.instagram_id, self.instagram_id)

    def fetch(self, source: Mapping[str, str]) -> Media:
        return media.by_link(self._graph(), source)

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        for entry in entries(call, "instagram", self.instagram_id):
            if isinstance(entry, Unknown):
                yield entry
                continue
            yield from Messaging(self.kind, call.receipt_id).read(entry)
            # Instagram's own login puts the one change into the entry itself.
            changes = [entry] if "field" in entry else entry.get("changes")
            yield from read_each(
                changes,
                lambda change, entry=entry: self._change(change, entry, call),  # type: ignore[misc]
                "change",
            )

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            if refused := messenger_send.unfit(message):
                yield refused
                continue
            result = self._settled(message)
            if result.outcome is Outcome.SIGN_IN and self.has_instagram_login:
                tokens.forget(self.access_token)
                result = self._settled(message)
            yield result

    def _settled(self, message: OutboundMessage) -> Result:
        return wire.settle(
            message,
            lambda: self._send(message),
            lambda answer: messenger_send.result_of(message, answer),
        )

    def _send(self, message: OutboundMessage) -> Answer:
        thread = message.thread or message.to
        comment = thread.removeprefix(COMMENT) if thread.startswith(COMMENT) else ""
        if message.is_public:
            path = f"{comment or message.in_reply_to}/replies"
            return self._graph().post(path, {"message": message.text})
        if comment:
            to: dict[str, Any] = {"recipient": {"comment_id": message.in_reply_to or comment}}
        else:
            to = {"recipient": {"id": thread}, **(messenger_send.manner(message) or {})}
        return self._graph().post("me/messages", {**to, "message": _content(message)})

    def _change(self, change: Element, entry: Element, call: RawCall) -> Iterator[Inbound]:
        field, value = str(change.get("field")), change["value"]
        if "sender" in value:  # so Meta's console tests a field
            yield from Messaging(self.kind, call.receipt_id).event(value)
        elif field in _FIELDS:
            yield self._comment(change, value, entry, call)
        else:
            yield unknown(change, f"field {field}")

    def _comment(self, change: Element, value: Element, entry: Element, call: RawCall) -> Inbound:
        number, parent = id_of(value["id"]), str(value.get("parent_id") or "")
        text, writer = text_of(value.get("text")), value["from"]
        at, thread = time_of(entry["time"]), f"{COMMENT}{parent or number}"
        if str(writer.get("id")) == self.instagram_id:
            return Echo(external_id=number, at=at, thread=thread, text=text)
        sender = Address(self.kind, id_of(writer["id"]), name=text_of(writer.get("username"))[:120])
        if not text:  # a picture of Instagram's own
            return unknown(change, "comment without words", sender=sender, thread=thread)
        return InboundMessage(
            external_id=number,
            sender=sender,
            text=text,
            sent_at=at,
            thread=thread,
            references=(parent,) if parent else (),
            is_verified=True,
            is_public=True,
            receipt_id=call.receipt_id,
            meta={"door": self.kind, **_about(value.get("media") or {})},
        )

    def _graph(self) -> Graph:
        if self.has_instagram_login:
            return Graph(tokens.current(self.access_token), INSTAGRAM)
        return Graph(self.access_token, FACEBOOK)


def _content(message: OutboundMessage) -> dict[str, Any]:
    """Instagram fetches files itself."""
    if not message.files:
        return {"text": message.text}
    file = message.files[0]
    kind = messenger_send.kind_of(file.content_type)
    return {"attachment": {"type": kind, "payload": {"url": link(file)}}}


def _about(seen: Element) -> dict[str, str]:
    found = {
        "media": seen.get("id"),
        "shown": seen.get("media_product_type"),
        "advertisement": seen.get("ad_id"),
    }
    return {name: str(value)[:200] for name, value in found.items() if value}
