"""Telegram bots: updates by webhook or long poll, answers by the Bot API.

https://core.telegram.org/bots/api (10.1, read November 2026). A conversation is a chat, or a
topic of one: ``-100123`` or ``-100123/7``. Telegram numbers messages within a chat, so our ids
are ``<chat>:<message>``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from channels import wire
from channels.adapters.telegram_content import files_of, kinds_in, said_in
from channels.adapters.telegram_send import result_of, send_one
from channels.base import (
    Adapter,
    Media,
    OutboundMessage,
    Polled,
    RawCall,
    Result,
    Unreadable,
    WebhookCall,
    secret,
    setting,
)
from channels.capabilities import Capabilities, Files, Unit
from channels.happenings import (
    Deleted,
    Edited,
    Happening,
    Inbound,
    Moved,
    OptedIn,
    OptedOut,
    Pressed,
    Reacted,
    Unknown,
)
from channels.proofs import require_equal
from people.operations import Address
from support import http
from tickets.inbound import InboundMessage

API = "https://api.telegram.org"
#: Asked for by name: reactions are not sent otherwise.
UPDATES = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_message",
    "edited_business_message", "deleted_business_messages", "callback_query", "message_reaction",
    "my_chat_member",
)  # fmt: skip
_LARGEST = 20 * 1024 * 1024  # what getFile gives out


@dataclass(frozen=True, kw_only=True)
class Telegram(Adapter):
    kind = "telegram"
    label = "Telegram"
    capabilities = Capabilities(
        text=4096, unit=Unit.UTF16, caption=1024, markup="html",
        files=Files(most_bytes=50 * 1024 * 1024),
        takes_edits=True, per_second=30, per_conversation=1,
    )  # fmt: skip

    steps = (
        _("Write to @BotFather in Telegram, send /newbot and copy the token."),
        _("Choose a secret of 16 or more letters and digits, and enter both here."),
        _("We then tell Telegram our address by setWebhook when you test the connection."),
        _("For groups: send /setprivacy to @BotFather and choose Disable."),
    )

    bot_token: str = secret(_("Given by @BotFather when the bot is made."))
    webhook_secret: str = secret(_("The secret_token of setWebhook; two by comma while changing."))
    polls: bool = setting(_("Fetch by getUpdates, where no webhook can reach us."), default=False)

    def verify(self, call: WebhookCall) -> None:
        claimed = call.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        require_equal(claimed, self.webhook_secret)

    def check(self, webhook: str) -> str:
        """Tells Telegram our address, too; polling and webhooks exclude each other."""
        asked = {"url": "" if self.polls else webhook, "allowed_updates": list(UPDATES)}
        if not self.polls:
            asked["secret_token"] = self.webhook_secret.partition(",")[0].strip()
        answer = wire.post(self._url("setWebhook"), json=asked)
        said = answer.json() if answer.status < 500 else {}
        return "" if said.get("ok") else str(said.get("description") or answer.status)

    def poll(self, cursor: str) -> Polled | None:
        if not self.polls:
            return None
        names = json.dumps(UPDATES)
        answer = wire.get(self._url("getUpdates"), offset=cursor or 0, allowed_updates=names)
        updates = answer.json().get("result", []) if answer.is_ok else []
        after = str(updates[-1]["update_id"] + 1) if updates else cursor
        return Polled(bodies=tuple(json.dumps(each).encode() for each in updates), cursor=after)

    def fetch(self, source: Mapping[str, str]) -> Media:
        """A file by its id. The link holds the token and is never kept."""
        answer = wire.get(self._url("getFile"), file_id=source["file_id"])
        found = answer.json() if answer.status < 500 else {}
        if not found.get("ok"):
            raise OSError(f"Telegram does not give out the file ({answer.status})")
        path = found["result"]["file_path"]
        url = wire.place(f"{API}/file/bot{self.bot_token}/{path}")
        content = http.get(url, limit=_LARGEST, seconds=60)
        if not content.is_ok:
            raise OSError(f"Telegram does not give out the file ({content.status})")
        return Media(content=content.body, name=path.rsplit("/", 1)[-1])

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        try:
            update = json.loads(call.body)
            yield from _understood(update, call.receipt_id)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"no update of Telegram's: {type(error).__name__}") from error

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            yield wire.settle(
                message,
                lambda message=message: send_one(self._url, message),  # type: ignore[misc]
                lambda answer, message=message: result_of(message, answer),  # type: ignore[misc]
            )

    def _url(self, method: str) -> str:
        return f"{API}/bot{self.bot_token}/{method}"


def _understood(update: Mapping[str, Any], receipt_id: int) -> Iterator[Inbound]:
    for name in ("message", "business_message", "channel_post"):
        if name in update:
            yield from _message(update[name], receipt_id)
            return
    for name in ("edited_message", "edited_business_message", "edited_channel_post"):
        if name in update:
            yield _edit(update[name], update.get("update_id"))
            return
    for name, read in _OTHERS.items():
        if name in update:
            yield from read(update[name], str(update.get("update_id", "")))
            return
    yield _unknown(update)


def _message(message: Mapping[str, Any], receipt_id: int) -> Iterator[Inbound]:
    chat, at = message["chat"], _time(message)
    if "migrate_to_chat_id" in message:
        to = str(message["migrate_to_chat_id"])
        yield Moved(external_id=_id(message), at=at, thread=str(chat["id"]), to_thread=to)
        return
    if message.get("from", {}).get("is_bot"):
        return  # a bot's, ours or another's: nobody to answer
    files, text = (
        files_of(message),
        message.get("text") or message.get("caption") or said_in(message),
    )
    if not text and not files:
        yield Unknown(
            external_id=_id(message), at=at, thread=_thread(message), what=kinds_in(message)
        )
        return
    yield InboundMessage(
        external_id=_id(message),
        sender=_person(message.get("from") or message.get("sender_chat") or chat),
        text=text,
        sent_at=at,
        thread=_thread(message),
        references=_answered(message),
        language=(message.get("from") or {}).get("language_code", "")[:10],
        is_verified=True,
        is_public=chat.get("type") == "channel",
        files=files,
        receipt_id=receipt_id,
        meta={"door": "telegram", "album": str(message.get("media_group_id", ""))},
    )


def _edit(message: Mapping[str, Any], update_id: object) -> Edited:
    return Edited(
        external_id=f"edit:{update_id}",
        at=datetime.fromtimestamp(message.get("edit_date", message["date"]), UTC),
        sender=_person(message.get("from") or message["chat"]),
        thread=_thread(message),
        about=_id(message),
        text=message.get("text") or message.get("caption") or "",
    )


def _deleted(deleted: Mapping[str, Any], update_id: str) -> Iterator[Happening]:
    chat, now = deleted["chat"]["id"], datetime.now(UTC)
    for number in deleted["message_ids"]:
        about = f"{chat}:{number}"
        yield Deleted(external_id=f"delete:{about}", at=now, thread=str(chat), about=about)


def _pressed(query: Mapping[str, Any], update_id: str) -> Iterator[Happening]:
    message = query.get("message") or {}
    yield Pressed(
        external_id=f"press:{query['id']}",
        at=datetime.now(UTC),
        sender=_person(query["from"]),
        thread=_thread(message) if message else str(query["from"]["id"]),
        about=_id(message) if message else "",
        payload=query.get("data", ""),
    )


def _reacted(reaction: Mapping[str, Any], update_id: str) -> Iterator[Happening]:
    chosen = [each.get("emoji", "") for each in reaction.get("new_reaction", [])]
    yield Reacted(
        external_id=f"reaction:{update_id}",
        at=_time(reaction),
        sender=_person(reaction.get("user") or reaction["chat"]),
        thread=str(reaction["chat"]["id"]),
        about=_id(reaction),
        emoji=chosen[0] if chosen else "",
    )


def _member(change: Mapping[str, Any], update_id: str) -> Iterator[Happening]:
    """In a private chat ``kicked`` means that the person blocked the bot."""
    kind = OptedOut if change["new_chat_member"]["status"] in ("kicked", "left") else OptedIn
    yield kind(
        external_id=f"member:{update_id}",
        at=_time(change),
        sender=_person(change["from"]),
        thread=str(change["chat"]["id"]),
    )


_OTHERS = {
    "deleted_business_messages": _deleted,
    "callback_query": _pressed,
    "message_reaction": _reacted,
    "my_chat_member": _member,
}


def _unknown(update: Mapping[str, Any]) -> Unknown:
    names = sorted(set(update) - {"update_id"})
    number = update.get("update_id")
    return Unknown(external_id=f"update:{number}", at=datetime.now(UTC), what=",".join(names)[:80])


def _id(message: Mapping[str, Any]) -> str:
    return f"{message['chat']['id']}:{message['message_id']}"


def _thread(message: Mapping[str, Any]) -> str:
    chat = str(message["chat"]["id"])
    topic = message.get("message_thread_id") if message.get("is_topic_message") else None
    return f"{chat}/{topic}" if topic else chat


def _time(thing: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(thing["date"], UTC)


def _person(person: Mapping[str, Any]) -> Address:
    names = [person.get("first_name", ""), person.get("last_name", "")]
    name = " ".join(each for each in names if each) or person.get("title", "")
    return Address("telegram", str(person["id"]), name=(name or person.get("username", ""))[:120])


def _answered(message: Mapping[str, Any]) -> tuple[str, ...]:
    answered = message.get("reply_to_message")
    return (_id(answered),) if answered and "message_id" in answered else ()
