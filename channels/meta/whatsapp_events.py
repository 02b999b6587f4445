"""What WhatsApp's calls tell: messages, and what became of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from channels.happenings import (
    Called,
    Deleted,
    Echo,
    Edited,
    Happening,
    Inbound,
    Moved,
    OptedIn,
    Pressed,
    Progress,
    Reacted,
    Stage,
)
from channels.meta import whatsapp_people as people
from channels.meta.calls import Element, id_of, read_each, text_of, time_of, unknown
from channels.meta.graph import GraphError
from channels.meta.whatsapp_people import KIND, Person
from channels.meta.whatsapp_words import files, words
from people.operations import Address
from tickets.inbound import InboundMessage

_STAGES = {
    "sent": Stage.SENT,
    "delivered": Stage.DELIVERED,
    "read": Stage.READ,
    "played": Stage.READ,
    "failed": Stage.FAILED,
}


@dataclass(frozen=True)
class Events:
    """Reads the value of one change. ``owner`` is the id of our number."""

    owner: str
    contacts: object
    receipt_id: int

    def read(self, value: Element) -> Iterator[Inbound]:
        yield from read_each(value.get("messages"), self._message, "message")
        yield from read_each(value.get("statuses"), self._status, "status")
        yield from read_each(value.get("message_echoes"), self._echo, "echo")
        yield from read_each(value.get("calls"), self._call, "call")
        yield from read_each(value.get("user_id_update"), self._new_id, "user_id_update")

    def _message(self, message: Element) -> Iterator[Inbound]:
        kind, person = str(message.get("type")), people.sender(message, self.contacts)
        told = _Message(message, person)
        reader = _READERS.get(kind)
        if kind == "interactive" and _choice(message) is not None:
            reader = _chosen
        if reader is not None:
            yield reader(told)
        else:
            yield self._written(told)

    def _written(self, told: _Message) -> Inbound:
        message, person = told.message, told.person
        text, kept = words(message), files(message, self.owner)
        if not text and not kept:
            facts = told.facts(f"unknown:{told.number}")
            return unknown(message, f"message {_what(message)}", **facts)
        return InboundMessage(
            external_id=told.number,
            sender=person.address,
            also=person.also,
            text=text,
            sent_at=told.at,
            thread=told.thread,
            references=(told.answered,) if told.answered else (),
            is_verified=True,
            files=kept,
            receipt_id=self.receipt_id,
            meta={"door": KIND, **_meta(message)},
        )

    def _echo(self, message: Element) -> Iterator[Inbound]:
        """Written in the WhatsApp Business app, beside us."""
        told = _Message(message, people.recipient(message, self.contacts))
        if told.kind in ("edit", "revoke"):
            changed = (_edited if told.kind == "edit" else _revoked)(told)
            yield replace(changed, sender=None)
            return
        text, kept = words(message), files(message, self.owner)
        facts = told.facts(told.number) | {"sender": None}
        yield Echo(**facts, text=text, files=kept, to=told.person.address)

    def _status(self, status: Element) -> Iterator[Inbound]:
        person, word = people.told_of(status, self.contacts), str(status.get("status"))
        number, key = id_of(status["id"]), text_of(status.get("biz_opaque_callback_data"))
        at = time_of(status["timestamp"])
        if status.get("type") == "call":
            yield Called(
                external_id=f"{number}:{word}", at=at, sender=person.address, thread=person.thread,
                about=number, state=word.lower(),
            )  # fmt: skip
            return
        one = status.get("recipient_participant_id")
        in_group = status.get("recipient_type") == "group"
        facts: dict[str, Any] = {
            "external_id": f"{number}:{word}" + (f":{one}" if one else ""),
            "at": at,
            "sender": person.address if person.thread else None,
            "thread": people.group(status["recipient_id"]) if in_group else person.thread,
            "about": number,
        }
        if word not in _STAGES:
            yield unknown(status, f"status {word}", **facts)
            return
        yield Progress(**facts, stage=_STAGES[word], key=key, **_reason(status))

    def _call(self, call: Element) -> Iterator[Inbound]:
        """A call to or from our number; the media of it are not ours to take."""
        is_ours = call.get("direction") == "BUSINESS_INITIATED"
        person = (people.recipient if is_ours else people.sender)(call, self.contacts)
        number, event = id_of(call["id"]), text_of(call.get("event"))
        seconds = int(call.get("duration") or 0) if event == "terminate" else None
        state = text_of(call.get("status")) or event
        yield Called(
            external_id=f"{number}:{event}", at=time_of(call["timestamp"]), sender=person.address,
            thread=person.thread, about=number, state=state.lower(), seconds=seconds,
        )  # fmt: skip

    def _new_id(self, update: Element) -> Iterator[Inbound]:
        old, new = str(update["user_id"]["previous"]), str(update["user_id"]["current"])
        yield _moved(f"id:{new}", time_of(update["timestamp"]), old, new)


@dataclass(frozen=True)
class _Message:
    """A message and who wrote it."""

    message: Element
    person: Person

    @property
    def kind(self) -> str:
        return str(self.message.get("type"))

    @property
    def number(self) -> str:
        return id_of(self.message["id"])

    @property
    def at(self) -> datetime:
        return time_of(self.message["timestamp"])

    @property
    def thread(self) -> str:
        in_group = self.message.get("group_id")
        return people.group(in_group) if in_group else self.person.thread

    @property
    def answered(self) -> str:
        return str((self.message.get("context") or {}).get("id") or "")

    def facts(self, external_id: str, about: object = "") -> dict[str, Any]:
        return {
            "external_id": external_id,
            "at": self.at,
            "sender": self.person.address,
            "thread": self.thread,
            "about": str(about),
        }


def _edited(told: _Message) -> Happening:
    edit = told.message["edit"]
    facts = told.facts(told.number, id_of(edit["original_message_id"]))
    return Edited(**facts, text=words(edit["message"]))


def _revoked(told: _Message) -> Happening:
    return Deleted(**told.facts(told.number, id_of(told.message["revoke"]["original_message_id"])))


def _reacted(told: _Message) -> Inbound:
    reaction = told.message["reaction"]
    facts = told.facts(told.number, id_of(reaction["message_id"]))
    return Reacted(**facts, emoji=text_of(reaction.get("emoji")))


def _pressed(told: _Message) -> Inbound:
    button = told.message["button"]
    facts = told.facts(told.number, told.answered)
    return Pressed(**facts, payload=text_of(button.get("payload")), text=text_of(button["text"]))


def _chosen(told: _Message) -> Inbound:
    choice = _choice(told.message) or {}
    facts = told.facts(told.number, told.answered)
    return Pressed(**facts, payload=text_of(choice["id"]), text=text_of(choice.get("title")))


def _choice(message: Element) -> dict[str, Any] | None:
    interactive: dict[str, Any] = message["interactive"]
    return interactive.get("button_reply") or interactive.get("list_reply")


def _changed(told: _Message) -> Inbound:
    """A new number, or a new id, of the same person; a new number always brings a new id."""
    system = told.message["system"]
    kind = str(system.get("type"))
    if kind not in ("user_changed_number", "customer_changed_number", "user_changed_user_id"):
        return unknown(told.message, f"system {kind}", at=told.at)
    old = Person(told.person.number, str(system.get("previous_user_id") or ""))
    new_number = system.get("wa_id") or system.get("new_wa_id") or ""
    new = Person(str(new_number), str(system.get("user_id") or ""))
    if kind == "user_changed_user_id":
        old = Person("", old.user_id or told.person.user_id)
    return _moved(told.number, told.at, old.thread, new.thread, new.address, old.address)


def _moved(
    external_id: str, at: datetime, old: str, new: str,
    to: Address | None = None, sender: Address | None = None,
) -> Moved:  # fmt: skip
    return Moved(
        external_id=external_id, at=at, thread=old, to_thread=new,
        sender=sender or Address(KIND, old), to=to or Address(KIND, new),
    )  # fmt: skip


def _welcomed(told: _Message) -> Inbound:
    """Somebody opened the chat for the first time; such a call has no id."""
    number = told.message.get("id") or f"welcome:{told.thread}:{told.message['timestamp']}"
    return OptedIn(**told.facts(str(number)))


_READERS: dict[str, Callable[[_Message], Inbound]] = {
    "edit": _edited,
    "revoke": _revoked,
    "reaction": _reacted,
    "button": _pressed,
    "system": _changed,
    "request_welcome": _welcomed,
}


def _reason(status: Element) -> dict[str, Any]:
    errors = status.get("errors") or []
    if not errors:
        return {}
    error = GraphError.of(errors[0])
    return {"code": str(error.code), "reason": error.words}


def _what(message: Element) -> str:
    """Which kind it is; of an unsupported one, what WhatsApp would have called it."""
    kind = str(message.get("type"))
    inner = message.get(kind)
    return f"{kind} {inner.get('type', '')}".strip() if isinstance(inner, dict) else kind


def _meta(message: Element) -> dict[str, str]:
    referral, context = message.get("referral") or {}, message.get("context") or {}
    found = {
        "advertisement": referral.get("source_id"),
        "referral": referral.get("source_url"),
        "forwarded": context.get("forwarded") or context.get("frequently_forwarded"),
    }
    return {name: str(value)[:200] for name, value in found.items() if value}
