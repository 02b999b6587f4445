"""What can happen to a ticket. Other rooms subscribe with ``support.events.handles``."""

from __future__ import annotations

from dataclasses import dataclass

from support.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class TicketEvent(DomainEvent):
    ticket_id: int

    @property
    def topic(self) -> str:
        return f"ticket:{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class TicketOpened(TicketEvent):
    """``never_acknowledge`` is the rule that forbids an answer to the sender, or "".

    ``is_imported``: old mail, filed closed; nobody is told and no rule runs.
    """

    kind = "ticket.opened"
    message_id: int
    is_imported: bool = False
    never_acknowledge: str = ""
    is_verified: bool = False
    continues_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class StatusChanged(TicketEvent):
    kind = "ticket.status_changed"
    old: str
    new: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketAssigned(TicketEvent):
    kind = "ticket.assigned"
    assignee_id: int | None = None
    assignee_name: str = ""


@dataclass(frozen=True, kw_only=True)
class TeamChanged(TicketEvent):
    kind = "ticket.team_changed"
    team_id: int | None = None
    team_name: str = ""


@dataclass(frozen=True, kw_only=True)
class PriorityChanged(TicketEvent):
    kind = "ticket.priority_changed"
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class CategoryChanged(TicketEvent):
    kind = "ticket.category_changed"
    category: str = ""


@dataclass(frozen=True, kw_only=True)
class TagsChanged(TicketEvent):
    kind = "ticket.tags_changed"
    added: list[str]
    removed: list[str]


@dataclass(frozen=True, kw_only=True)
class FollowUpSet(TicketEvent):
    kind = "ticket.follow_up_set"
    at: str
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class FollowUpDue(TicketEvent):
    kind = "ticket.follow_up_due"
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class CustomerNudged(TicketEvent):
    kind = "ticket.customer_nudged"


@dataclass(frozen=True, kw_only=True)
class SolvedForSilence(TicketEvent):
    kind = "ticket.solved_for_silence"


@dataclass(frozen=True, kw_only=True)
class TicketMerged(TicketEvent):
    kind = "ticket.merged"
    into_id: int


@dataclass(frozen=True, kw_only=True)
class MessageReceived(TicketEvent):
    kind = "message.received"
    message_id: int
    is_imported: bool = False
    is_automatic: bool = False


@dataclass(frozen=True, kw_only=True)
class ReplyAdded(TicketEvent):
    kind = "message.reply_added"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class NoteAdded(TicketEvent):
    kind = "message.note_added"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class MessageSent(TicketEvent):
    kind = "message.sent"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class MessageUndeliverable(TicketEvent):
    """``is_unknown``: handed over, but whether it arrived cannot be told."""

    kind = "message.undeliverable"
    message_id: int
    reason: str
    is_unknown: bool = False
