"""The messaging events of Messenger and Instagram, which share one shape.

An event has a sender, a recipient, a time and one more key, which says what it is. The
conversation is the person, as our account knows them: the one of the two who is not us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.happenings import (
    Deleted,
    Echo,
    Edited,
    Inbound,
    OptedIn,
    Pressed,
    Progress,
    Reacted,
    Revoked,
    Stage,
)
from channels.meta import contents
from channels.meta.calls import Element, id_of, read_each, text_of, time_of, unknown
from people.operations import Address
from tickets.inbound import InboundMessage

#: Marks, in the metadata that Meta gives back in echoes, what we sent ourselves.
OURS = "harbour:"


@dataclass(frozen=True)
class Messaging:
    """Reads the events of one account."""

    kind: str
    receipt_id: int

    def read(self, entry: Element) -> Iterator[Inbound]:
        """``standby`` is what another app, which has the conversation now, is to answer."""
        yield from read_each(entry.get("messaging"), self.event, "messaging event")
        yield from read_each(entry.get("standby"), self._standby, "standby event")

    def _standby(self, event: Element) -> Iterator[Inbound]:
        return self.event(event, never_acknowledge="other-app")

    def event(self, event: Element, never_acknowledge: str = "") -> Iterator[Inbound]:
        for name, read in _READERS.items():
            if name in event:
                happened = _Event(self, name, event, never_acknowledge)
                yield from read(happened, event[name])
                return
        names = sorted(set(event) - {"sender", "recipient", "timestamp"})
        yield unknown(event, ",".join(names), sender=self._someone(event.get("sender")))

    def _someone(self, who: object) -> Address | None:
        number = who.get("id") if isinstance(who, dict) else None
        return Address(self.kind, str(number)) if number else None


@dataclass(frozen=True)
class _Event:
    """What all events have in common."""

    by: Messaging
    name: str
    event: Element
    never_acknowledge: str

    @property
    def is_echo(self) -> bool:
        return bool((self.event.get("message") or {}).get("is_echo"))

    @property
    def person(self) -> str:
        return id_of(self.event["recipient" if self.is_echo else "sender"]["id"])

    @property
    def at(self) -> datetime:
        return time_of(self.event["timestamp"])

    @property
    def sender(self) -> Address:
        return Address(self.by.kind, self.person)

    def facts(self, external_id: str, about: str = "") -> dict[str, Any]:
        return {
            "external_id": external_id,
            "at": self.at,
            "sender": self.sender,
            "thread": self.person,
            "about": about,
        }


def _message(happened: _Event, message: Element) -> Iterator[Inbound]:
    mid = id_of(message["mid"])
    if message.get("is_deleted"):
        yield Deleted(**happened.facts(f"delete:{mid}", mid))
    elif happened.is_echo:
        yield _echo(happened, mid, message)
    elif message.get("quick_reply"):
        payload = text_of(message["quick_reply"].get("payload"))
        text = text_of(message.get("text"))
        yield Pressed(**happened.facts(mid, _answered(message)), payload=payload, text=text)
    else:
        yield _written(happened, mid, message)


def _echo(happened: _Event, mid: str, message: Element) -> Inbound:
    """Our own message, by whichever app; one that we sent tells that it arrived at Meta."""
    mark = str(message.get("metadata") or "")
    facts = happened.facts(mid) | {"sender": None}
    if mark.startswith(OURS):
        sent = facts | {"external_id": f"sent:{mid}", "about": mid}
        return Progress(**sent, stage=Stage.SENT, key=mark.removeprefix(OURS))
    text, files = contents.of(message)
    return Echo(**facts, text=text, files=files, to=happened.sender)


def _written(happened: _Event, mid: str, message: Element) -> Inbound:
    text, files = contents.of(message)
    if not text and not files:
        what = "unsupported message" if message.get("is_unsupported") else "message without words"
        return unknown(happened.event, what, **happened.facts(f"unknown:{mid}"))
    answered = _answered(message)
    return InboundMessage(
        external_id=mid,
        sender=happened.sender,
        text=text,
        sent_at=happened.at,
        thread=happened.person,
        references=(answered,) if answered else (),
        is_verified=True,
        never_acknowledge=happened.never_acknowledge,
        files=files,
        receipt_id=happened.by.receipt_id,
        meta={"door": happened.by.kind, **contents.meta(message)},
    )


def _answered(message: Element) -> str:
    """The id of the message that this one quotes; a story that it answers has no such id."""
    return str((message.get("reply_to") or {}).get("mid") or "")


def _edited(happened: _Event, edit: Element) -> Iterator[Inbound]:
    mid = id_of(edit["mid"])
    number = edit.get("num_edit", happened.event["timestamp"])
    yield Edited(**happened.facts(f"edit:{mid}:{number}", mid), text=text_of(edit["text"]))


def _delivered(happened: _Event, delivery: Element) -> Iterator[Inbound]:
    for mid in map(id_of, delivery.get("mids") or []):
        yield Progress(**happened.facts(f"delivered:{mid}", mid), stage=Stage.DELIVERED)
    yield from _watermark(happened, delivery, "delivered", Stage.DELIVERED)


def _read(happened: _Event, read: Element) -> Iterator[Inbound]:
    """Messenger tells until when the person has read, Instagram which message."""
    if mid := read.get("mid"):
        yield Progress(**happened.facts(f"read:{mid}", id_of(mid)), stage=Stage.READ)
    else:
        yield from _watermark(happened, read, "read", Stage.READ)


def _watermark(happened: _Event, told: Element, word: str, stage: Stage) -> Iterator[Inbound]:
    if mark := told.get("watermark"):
        number = f"{word}:{happened.person}:{mark}"
        yield Progress(**happened.facts(number), stage=stage, until=time_of(mark))


def _pressed(happened: _Event, press: Element) -> Iterator[Inbound]:
    stamp = f"press:{happened.person}:{happened.event['timestamp']}"
    facts = happened.facts(str(press.get("mid") or stamp))
    yield Pressed(**facts, payload=text_of(press.get("payload")), text=text_of(press.get("title")))


def _reacted(happened: _Event, reaction: Element) -> Iterator[Inbound]:
    mid = id_of(reaction["mid"])
    facts = happened.facts(f"reaction:{mid}:{happened.person}:{happened.event['timestamp']}", mid)
    emoji = "" if reaction.get("action") == "unreact" else text_of(reaction.get("emoji"))
    yield Reacted(**facts, emoji=emoji)


def _opted_in(happened: _Event, optin: Element) -> Iterator[Inbound]:
    yield OptedIn(**happened.facts(f"optin:{happened.person}:{happened.event['timestamp']}"))


def _enforced(happened: _Event, enforced: Element) -> Iterator[Inbound]:
    """Meta blocked the account, or gave it back. It names no sender."""
    stamp = happened.event["timestamp"]
    at = time_of(stamp)
    if enforced.get("action") == "block":
        why = text_of(enforced.get("reason"))[:300]
        yield Revoked(external_id=f"policy:{stamp}", at=at, reason=why)
    else:
        yield unknown(happened.event, f"policy {enforced.get('action')}", at=at)


_READERS: dict[str, Callable[[_Event, Element], Iterator[Inbound]]] = {
    "message": _message,
    "message_edit": _edited,
    "delivery": _delivered,
    "read": _read,
    "postback": _pressed,
    "reaction": _reacted,
    "optin": _opted_in,
    "policy_enforcement": _enforced,
}
