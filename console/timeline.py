"""What happened on a ticket, in order: messages, notes, and events in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from channels.models import Delivery
from channels.refusals import explain
from people.models import User
from support.models import Event
from tickets.models import Message, Priority, Status, Ticket

LATEST = 200


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry; either ``message`` or ``text`` is set."""

    key: str
    at: datetime
    message: Message | None = None
    delivery: Delivery | None = None
    text: str = ""
    actor: str = ""

    @property
    def channel(self) -> str:
        """The door it came by, in words."""
        return channel_name(self.message.channel) if self.message else ""

    @property
    def is_stuck(self) -> bool:
        """It did not arrive, or nobody can say: an agent decides."""
        stuck = (Delivery.Status.FAILED, Delivery.Status.UNKNOWN)
        return self.delivery is not None and self.delivery.status in stuck

    @property
    def failure(self) -> str:
        """Why it did not arrive, in the reader's words."""
        said = self.message.failure if self.message else ""
        return explain(said or (self.delivery.error if self.delivery else ""))


def channel_name(channel: str) -> str:
    """What agents call the door that rows know by its slug."""
    names = {
        "email": _("email"),
        "web": _("web form"),
        "portal": _("status page"),
        "api": "API",
    }
    return names.get(channel, channel)


def timeline(ticket: Ticket) -> list[Item]:
    """The latest messages and events, oldest first."""
    items = [*_messages(ticket), *_events(ticket)]
    return sorted(items, key=lambda item: (item.at, item.key))


def _messages(ticket: Ticket) -> list[Item]:
    rows = ticket.messages.select_related("agent", "contact").prefetch_related(
        "attachments", "deliveries"
    )
    latest = list(rows.order_by("-pk")[:LATEST])
    return [
        Item(
            key=f"m{message.pk}",
            at=message.created_at,
            message=message,
            delivery=next(iter(message.deliveries.all()), None),
        )
        for message in latest
    ]


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
    by = {"customer": _("by the customer"), "silence": _("no answer came")}
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
    "message.undeliverable": _undelivered,
}
