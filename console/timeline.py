"""What happened on a ticket, in order: messages, notes, and events in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from channels.correspondents import our_addresses
from channels.refusals import explain
from console.items import Item
from people.models import User
from support.models import Event
from tickets.models import Message, Priority, SideThread, Status, Ticket

LATEST = 200


def timeline(ticket: Ticket) -> list[Item]:
    """The latest messages and events, oldest first; a side thread stands where it began."""
    items = [*_messages(ticket), *_events(ticket)]
    return sorted(items, key=lambda item: (item.at, item.key))


def _messages(ticket: Ticket) -> list[Item]:
    rows = ticket.messages.select_related("agent", "contact", "side_thread__contact")
    rows = rows.prefetch_related("attachments", "deliveries")
    latest = sorted(rows.order_by("-pk")[:LATEST], key=lambda message: message.pk)
    heard = max((message.pk for message in latest if _is_heard(message)), default=0)
    ours = our_addresses()
    talk = [_item(message, heard, ours) for message in latest if message.side_thread is None]
    aside: dict[SideThread, list[Item]] = {}
    for message in latest:
        if message.side_thread is not None:
            aside.setdefault(message.side_thread, []).append(_item(message, 0, ours))
    return [*talk, *(_beside(thread, items) for thread, items in aside.items())]


def _is_heard(message: Message) -> bool:
    """Somebody on the customer's side wrote it."""
    is_public = message.side_thread_id is None and not message.is_automatic
    return is_public and message.direction == Message.Direction.INBOUND


def _item(message: Message, heard: int, ours: frozenset[str]) -> Item:
    deliveries = sorted(message.deliveries.all(), key=lambda each: each.pk)
    return Item(
        key=f"m{message.pk}",
        at=message.created_at,
        message=message,
        deliveries=sorted(deliveries, key=lambda each: bool(each.payload.get("is_copy"))),
        heard_since=message.is_waiting and heard > message.pk,
        ours=ours,
    )


def _beside(thread: SideThread, items: list[Item]) -> Item:
    return Item(key=f"s{thread.pk}", at=items[0].at, side_thread=thread, items=items)


def _events(ticket: Ticket) -> list[Item]:
    rows = Event.objects.filter(topic=f"ticket:{ticket.pk}", kind__in=list(_WORDS))
    latest = rows.select_related("actor").order_by("-pk")[:LATEST]
    items = [
        Item(
            key=f"e{event.pk}",
            at=event.at,
            text=_WORDS[event.kind](event.payload),
            actor=str(event.actor) if isinstance(event.actor, User) else "",
        )
        for event in latest
    ]
    return [item for item in items if item.text]


def _status(facts: dict[str, Any]) -> str:
    told = _("Status: %(old)s → %(new)s") % {
        "old": Status(facts["old"]).label,
        "new": Status(facts["new"]).label,
    }
    by = {
        "customer": _("by the customer"),
        "silence": _("no answer came"),
        "withdrawn": _("a reply was taken back"),
        "side_thread": _("an answer came in a side thread"),
    }
    reason = by.get(facts.get("reason", ""), "")
    return f"{told} ({reason})" if reason else told


def _assigned(facts: dict[str, Any]) -> str:
    name = facts.get("assignee_name")
    return _("Assigned to %(name)s") % {"name": name} if name else _("Given back to the queue")


def _priority(facts: dict[str, Any]) -> str:
    return _("Priority: %(new)s") % {"new": Priority(facts["new"]).label}


def _tags(facts: dict[str, Any]) -> str:
    parts = [f"+ {name}" for name in facts["added"]] + [f"− {name}" for name in facts["removed"]]
    return pgettext("labels", "Tags: ") + ", ".join(parts)


def _team(facts: dict[str, Any]) -> str:
    return _("Team: %(name)s") % {"name": facts.get("team_name") or "–"}


def _follow_up(facts: dict[str, Any]) -> str:
    if not facts["at"]:
        return _("Follow-up taken back")
    told = {"at": facts["at"][:16].replace("T", " "), "why": facts["why"]}
    return _("Follow-up on %(at)s UTC: %(why)s") % told


def _waiting(facts: dict[str, Any]) -> str:
    zone = timezone.get_default_timezone()
    at = timezone.localtime(datetime.fromisoformat(facts["at"]), zone)
    return _("A reply waits until %(at)s") % {"at": f"{at:%Y-%m-%d %H:%M} {at.tzname()}"}


def _taken_back(facts: dict[str, Any]) -> str:
    if facts.get("reason") == "answered":
        return _("A waiting reply was taken back: the customer wrote first")
    return _("A reply was taken back")


def _beside_said(facts: dict[str, Any]) -> str:
    return _("An answer came in a side thread") if facts["is_inbound"] else ""


def _undelivered(facts: dict[str, Any]) -> str:
    reason = explain(facts["reason"])
    if facts.get("of_copy"):
        reason = f"{facts['address']}: {reason}"
    return _("Not delivered: %(reason)s") % {"reason": reason}


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "ticket.status_changed": _status,
    "ticket.assigned": _assigned,
    "ticket.priority_changed": _priority,
    "ticket.tags_changed": _tags,
    "ticket.team_changed": _team,
    "ticket.follow_up_set": _follow_up,
    "ticket.follow_up_due": lambda facts: _("Follow-up is due: %(why)s") % facts,
    "ticket.customer_nudged": lambda facts: _("The customer was reminded"),
    "ticket.merged": lambda facts: _("Tickets were merged"),
    "message.reply_scheduled": _waiting,
    "message.reply_withdrawn": _taken_back,
    "message.side_added": _beside_said,
    "message.undeliverable": _undelivered,
}
