"""What everybody can read on a Facebook Page: comments, and posts of visitors.

https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed (v25.0, read November
2026). A conversation is a first comment with all that is said under it. An answer that is not
public is a private reply: one message in Messenger to whoever commented, within seven days. See
``docs/channels/page_comments.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

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
from channels.capabilities import Capabilities
from channels.happenings import Deleted, Echo, Edited, Inbound, Reacted, Unknown
from channels.meta import checks, door, media, messenger_send
from channels.meta.calls import Element, entries, id_of, read_each, text_of, time_of, unknown
from channels.meta.graph import Graph
from people.operations import Address
from support.http import Answer
from tickets.inbound import InboundFile, InboundMessage

#: What a visitor may put on the Page by a post of their own.
_POSTS = ("post", "status", "photo", "video", "share")


@dataclass(frozen=True, kw_only=True)
class PageComments(Adapter):
    kind = "page_comments"
    app = door.APP
    label = gettext_noop("Facebook comments")
    capabilities = Capabilities(
        text=2000, is_public=True, may_go_private=True, takes_edits=True, takes_deletes=True,
        per_second=1,
    )  # fmt: skip

    steps = (
        _("At developers.facebook.com make an app of type Business."),
        _("Ask for pages_manage_engagement and pages_read_user_content; make a token of the Page."),
        door.CHOOSE,
        _("In the app, Webhooks, Page: enter {webhook} and the verify token."),
        _("Subscribe the Page to feed."),
        door.ONE_ADDRESS,
    )

    page_id: str = setting(_("The Page's id, in its settings."))
    access_token: str = secret(_("The Page's token, with pages_manage_engagement."))
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
        for entry in entries(call, "page", self.page_id):
            if isinstance(entry, Unknown):
                yield entry
                continue
            yield from read_each(
                entry.get("changes"),
                lambda change, entry=entry: self._change(change, entry, call),  # type: ignore[misc]
                "change",
            )
            yield from read_each(entry.get("messaging"), _for_messenger, "messaging event")

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            if refused := self._unfit(message):
                yield refused
                continue
            yield wire.settle(
                message,
                lambda message=message: self._send(message),  # type: ignore[misc]
                lambda answer, message=message: messenger_send.result_of(message, answer),  # type: ignore[misc]
            )

    @staticmethod
    def _unfit(message: OutboundMessage) -> Result | None:
        if message.files:
            why = "neither a comment nor a private reply bears a file"
            return Result(key=message.key, outcome=Outcome.NEVER, detail=why)
        return messenger_send.unfit(message)

    def _send(self, message: OutboundMessage) -> Answer:
        about = message.in_reply_to or message.thread
        if message.is_public:
            return self._graph.post(f"{about}/comments", {"message": message.text})
        name = "post_id" if about.startswith(f"{self.page_id}_") else "comment_id"
        body = {"recipient": {name: about}, "message": messenger_send.words(message)}
        return self._graph.post(f"{self.page_id}/messages", body)

    def _change(self, change: Element, entry: Element, call: RawCall) -> Iterator[Inbound]:
        value, field = change["value"], change.get("field")
        if field != "feed":
            yield unknown(change, f"field {field}")
            return
        item, verb = str(value.get("item")), str(value.get("verb"))
        told = _Feed(value, entry.get("time"))
        if item == "reaction" and verb in ("add", "edit", "remove"):
            yield told.reacted(verb)
        elif item == "comment" or (item in _POSTS and not self._is_ours(value)):
            yield self._said(told, verb, call) or unknown(change, f"feed {item} {verb}")
        else:
            yield unknown(change, f"feed {item} {verb}")

    def _said(self, told: _Feed, verb: str, call: RawCall) -> Inbound | None:
        if verb == "remove":
            return Deleted(**told.facts(f"delete:{told.number}", told.number))
        if verb in ("edit", "edited"):
            facts = told.facts(f"edit:{told.number}:{told.time}", told.number)
            return Edited(**facts, text=text_of(told.value.get("message")))
        if verb != "add":
            return None
        text, files = text_of(told.value.get("message")), told.files()
        if not text and not files:
            return None
        if self._is_ours(told.value):
            facts = told.facts(told.number) | {"sender": None}
            return Echo(**facts, text=text, files=files)
        return InboundMessage(
            external_id=told.number,
            sender=told.sender,
            text=text,
            sent_at=time_of(told.value["created_time"]),
            thread=told.thread,
            references=told.references,
            is_verified=True,
            is_public=True,
            files=files,
            receipt_id=call.receipt_id,
            meta={"door": self.kind, **told.meta()},
        )

    def _is_ours(self, value: Element) -> bool:
        return str((value.get("from") or {}).get("id", "")) == self.page_id

    @property
    def _graph(self) -> Graph:
        return Graph(self.access_token)


def _for_messenger(event: Element) -> Iterator[Inbound]:
    yield unknown(event, "a message of Messenger's")


@dataclass(frozen=True)
class _Feed:
    """The value of one change of the feed. ``time`` is that of its entry, when it was told."""

    value: Element
    time: object

    @property
    def number(self) -> str:
        """The comment's id, or the post's."""
        return id_of(self.value.get("comment_id") or self.value["post_id"])

    @property
    def thread(self) -> str:
        """The first comment. A post of a visitor's is one, and a comment under it another."""
        parent, post = str(self.value.get("parent_id") or ""), self.value.get("post_id")
        return parent if parent and parent != str(post) else self.number

    @property
    def references(self) -> tuple[str, ...]:
        """What it stands under: it continues that, if we know it."""
        parent = str(self.value.get("parent_id") or "")
        return (parent,) if parent and parent != self.number else ()

    @property
    def sender(self) -> Address:
        """Without the right to see it, Meta does not tell who it was: then each is somebody new."""
        person = self.value.get("from") or {}
        name = text_of(person.get("name"))[:120]
        return Address(PageComments.kind, str(person.get("id") or f"of:{self.number}"), name=name)

    def facts(self, external_id: str, about: str = "") -> dict[str, Any]:
        known = bool((self.value.get("from") or {}).get("id"))
        return {
            "external_id": external_id,
            "at": time_of(self.time or self.value["created_time"]),
            "sender": self.sender if known else None,
            "thread": self.thread,
            "about": about,
        }

    def reacted(self, verb: str) -> Reacted:
        number = f"reaction:{self.number}:{self.sender.value}:{self.time}:{verb}"
        emoji = "" if verb == "remove" else text_of(self.value.get("reaction_type"))
        return Reacted(**self.facts(number, self.number), emoji=emoji)

    def files(self) -> tuple[InboundFile, ...]:
        """A picture or film in the comment itself."""
        kinds = [kind for kind in ("photo", "video") if self.value.get(kind)]
        return tuple(
            InboundFile(
                name=f"{kind}.{'jpg' if kind == 'photo' else 'mp4'}",
                content_type="",
                size=0,
                sha256="",
                source={"url": text_of(self.value[kind])},
            )
            for kind in kinds
        )

    def meta(self) -> dict[str, str]:
        post = self.value.get("post") or {}
        found = {"post": self.value.get("post_id"), "link": post.get("permalink_url")}
        return {name: str(value)[:500] for name, value in found.items() if value}
