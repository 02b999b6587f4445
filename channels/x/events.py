"""What X tells: direct messages, mentions, replies, deletions, and the end of our right.

https://docs.x.com/x-api/activity/event-payloads (read November 2026). A private conversation is
the ids of its two people, the smaller first: ``111-222``; a public one is ``post:<conversation>``.
The Account Activity API, now withdrawn, sent the same things in another envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from channels.happenings import Deleted, Echo, Inbound, Progress, Revoked, Stage, Unknown
from channels.meta.calls import read_each, text_of, time_of, unknown
from channels.x.send import POST
from people.operations import Address
from tickets.inbound import InboundFile, InboundMessage

Element: TypeAlias = Mapping[str, Any]
_NO_LANGUAGE = ("und", "zxx", "qme", "qst", "qht", "qam", "qct")


class Events:
    """Reads for the account ``own_id``."""

    def __init__(self, own_id: str, receipt_id: int) -> None:
        self.own_id, self.receipt_id = own_id, receipt_id

    def read(self, body: Element) -> Iterator[Inbound]:
        if "data" in body:
            yield from self._event(body["data"])
        elif "dm_event" in body:
            yield from read_each([body], self._fetched_message, "direct message")
        elif "mention" in body:
            yield from read_each([body], self._fetched_mention, "mention")
        else:
            yield from self._withdrawn(body)

    def _event(self, event: Element) -> Iterator[Inbound]:
        kind, payload = str(event.get("event_type", "")), event.get("payload")
        readers: dict[str, Callable[[Element, Element], Iterator[Inbound]]] = {
            "dm.received": self._messages,
            "dm.sent": self._messages,
            "dm.read": self._read,
            "dm.indicate_typing": lambda payload, event: iter(()),
            "chat.received": self._sealed,
            "post.create": self._post,
            "post.mention.create": self._post,
            "post.reply.create": self._post,
            "post.quote.create": self._post,
            "post.delete": self._deleted,
            "oauth.revoke": self._revoked,
        }
        read = readers.get(kind)
        if read is None:
            number = f"event:{event.get('event_uuid')}"
            yield Unknown(external_id=number[:255], at=datetime.now(UTC), what=kind[:80] or "event")
            return
        yield from read_each([payload], lambda each: read(each, event), kind)

    def _messages(self, payload: Element, event: Element) -> Iterator[Inbound]:
        people = payload.get("users") or {}
        yield from read_each(
            payload["direct_message_events"],
            lambda each: self._message(each, people),
            "direct message",
        )

    def _message(self, told: Element, people: Element) -> Iterator[Inbound]:
        if told["type"] != "message_create":
            yield unknown(told, f"direct message {told['type']}")
            return
        made = told["message_create"]
        data, sender = made["message_data"], str(made["sender_id"])
        at = time_of(told["created_timestamp"]) if "created_timestamp" in told else None
        yield self._private(
            str(told["id"]), sender, str(made["target"]["recipient_id"]), text_of(data.get("text")),
            at=at, name=_name(people.get(sender)), files=_attached(data.get("attachment")),
        )  # fmt: skip

    def _fetched_message(self, body: Element) -> Iterator[Inbound]:
        """From the list of messages, where no webhook reaches us."""
        told = body["dm_event"]
        sender, thread = str(told["sender_id"]), str(told["dm_conversation_id"])
        others = [each for each in thread.split("-") if each != sender]
        yield self._private(
            str(told["id"]), sender, others[0] if others else self.own_id,
            text_of(told.get("text")), at=time_of(told["created_at"]),
            name=_name(_found(body, sender)), files=_media(told, body),
        )  # fmt: skip

    def _private(
        self, number: str, sender: str, to: str, text: str, *,
        at: datetime | None, name: str, files: tuple[InboundFile, ...] = (),
    ) -> Inbound:  # fmt: skip
        thread, sent_at = conversation(sender, to), at or datetime.now(UTC)
        if sender == self.own_id:
            whom = Address("x", to)
            return Echo(
                external_id=number, at=sent_at, thread=thread, text=text, to=whom, files=files
            )
        return InboundMessage(
            external_id=number, sender=Address("x", sender, name=name), text=text,
            sent_at=sent_at, thread=thread, is_verified=True, files=files,
            receipt_id=self.receipt_id, meta={"door": "x"},
        )  # fmt: skip

    def _sealed(self, payload: Element, event: Element) -> Iterator[Inbound]:
        """An encrypted chat: only the account's own devices have its keys."""
        sender = str(payload["sender_id"])
        if sender == self.own_id:
            return
        text = _(
            "This message is encrypted (XChat): it can be read only in X's own app. "
            "Please ask the person to write by an ordinary message."
        )
        at = time_of(payload["created_at_msec"])
        yield self._private(str(payload["id"]), sender, self.own_id, text, at=at, name="")

    def _post(self, payload: Element, event: Element) -> Iterator[Inbound]:
        yield self._public(payload, event.get("includes") or {})

    def _fetched_mention(self, body: Element) -> Iterator[Inbound]:
        yield self._public(body["mention"], body)

    def _public(self, post: Element, includes: Element) -> Inbound:
        number, author = str(post["id"]), str(post["author_id"])
        long = (post.get("note_tweet") or {}).get("text")
        text, at = text_of(long or post.get("text")), time_of(post["created_at"])
        thread = f"{POST}{post.get('conversation_id') or number}"
        if author == self.own_id:
            return Echo(external_id=number, at=at, thread=thread, text=text)
        language = str(post.get("lang") or "")
        return InboundMessage(
            external_id=number,
            sender=Address("x", author, name=_name(_found(includes, author))),
            text=text,
            sent_at=at,
            thread=thread,
            references=_answered(post),
            language="" if language in _NO_LANGUAGE else language[:10],
            is_verified=True,
            is_public=True,
            files=_media(post, includes),
            receipt_id=self.receipt_id,
            meta={"door": "x"},
        )

    def _read(self, payload: Element, event: Element) -> Iterator[Inbound]:
        """All of ours up to then were read."""
        for told in payload["direct_message_mark_read_events"]:
            at, reader = time_of(told["created_timestamp"]), str(told["sender_id"])
            if reader != self.own_id:
                yield Progress(
                    external_id=f"read:{reader}:{told['created_timestamp']}", at=at, until=at,
                    thread=conversation(reader, self.own_id), stage=Stage.READ,
                )  # fmt: skip

    def _deleted(self, payload: Element, event: Element) -> Iterator[Inbound]:
        number = str(payload["id"])
        yield Deleted(external_id=f"delete:{number}", at=datetime.now(UTC), about=number)

    def _revoked(self, payload: Element, event: Element) -> Iterator[Inbound]:
        if str(payload["user_id"]) != self.own_id:
            yield unknown(payload, f"oauth.revoke of {payload['user_id']}")
            return
        at, number = time_of(payload["date_time"]), f"revoked:{payload['date_time']}"
        yield Revoked(external_id=number, at=at, reason="the app's access was revoked at X")

    def _withdrawn(self, body: Element) -> Iterator[Inbound]:
        """The envelope of the Account Activity API."""
        if "direct_message_events" in body:
            yield from self._messages(body, {})
        posts = body.get("tweet_create_events")
        yield from read_each(posts, lambda post: [self._public(*_renewed(post))], "post")
        for told in body.get("tweet_delete_events") or []:
            yield from read_each([told["status"]], lambda each: self._deleted(each, {}), "delete")
        known = {"direct_message_events", "tweet_create_events", "tweet_delete_events"}
        if not known & set(body):
            yield unknown(body, ",".join(sorted(set(body) - {"for_user_id", "users"})))


def conversation(one: str, other: str) -> str:
    return "-".join(sorted((one, other), key=lambda each: (len(each), each)))


def _renewed(post: Element) -> tuple[Element, Element]:
    """A post of version 1.1 in the shape of version 2, and who wrote it."""
    user = post["user"]
    answered = post.get("in_reply_to_status_id_str")
    at = parsedate_to_datetime(_plain_date(post["created_at"])).isoformat()
    shaped = {
        "id": post["id_str"], "author_id": str(user["id"]), "created_at": at,
        "text": post.get("text"), "lang": post.get("lang"),
        "conversation_id": answered or post["id_str"], "in_reply_to_tweet_id": answered,
    }  # fmt: skip
    return shaped, {"users": [{**user, "id": str(user["id"])}]}


def _plain_date(date: str) -> str:
    """``Wed Feb 05 08:39:31 +0000 2020`` as mail writes it."""
    day, month, number, clock, zone, year = date.split()
    return f"{day}, {number} {month} {year} {clock} {zone}"


def _name(person: Any) -> str:
    told = (person or {}).get("data") or person or {}
    return str(told.get("name") or told.get("username") or "")[:120]


def _found(includes: Element, number: str) -> Any:
    people = [each.get("data") or each for each in includes.get("users") or []]
    return next((each for each in people if str(each.get("id")) == number), None)


def _answered(post: Element) -> tuple[str, ...]:
    told = post.get("referenced_tweets") or []
    named = [str(each["id"]) for each in told if each.get("type") == "replied_to"]
    direct = post.get("in_reply_to_tweet_id")
    return tuple(named or ([str(direct)] if direct else []))


def _media(told: Element, includes: Element) -> tuple[InboundFile, ...]:
    keys = (told.get("attachments") or {}).get("media_keys") or []
    known = {each.get("media_key"): each for each in includes.get("media") or []}
    urls = [str((known.get(key) or {}).get("url") or "") for key in keys]
    return tuple(_file(url) for url in urls if url)


def _attached(attachment: Any) -> tuple[InboundFile, ...]:
    media = (attachment or {}).get("media") or {}
    url = media.get("media_url_https") or media.get("media_url")
    return (_file(str(url)),) if url else ()


def _file(url: str) -> InboundFile:
    name = url.partition("?")[0].rpartition("/")[2] or "file"
    kinds = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "mp4": "video/mp4"}
    kind = kinds.get(name.rpartition(".")[2].lower(), "")
    return InboundFile(name=name[:100], content_type=kind, size=0, sha256="", source={"url": url})
