"""What can happen to a ticket. Other rooms subscribe with ``support.events.handles``."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """``was`` is how the ticket stood before, for one who takes the reply back."""

    kind = "message.reply_added"
    message_id: int
    was: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReplyScheduled(TicketEvent):
    """``ReplyAdded`` follows once it is sent."""

    kind = "message.reply_scheduled"
    message_id: int
    at: str


@dataclass(frozen=True, kw_only=True)
class ReplyWithdrawn(TicketEvent):
    """``reason`` is ``answered`` when it gave way to what the customer wrote first."""

    kind = "message.reply_withdrawn"
    message_id: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SideMessageAdded(TicketEvent):
    """Something was said in a side thread, by us or, when ``is_inbound``, to us."""

    kind = "message.side_added"
    message_id: int
    side_thread_id: int
    is_inbound: bool = False


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
    """``is_unknown``: handed over, but whether it arrived cannot be told.

    ``of_copy``: the one it was meant for has it, ``address`` has not.
    """

    kind = "message.undeliverable"
    message_id: int
    reason: str
    is_unknown: bool = False
    address: str = ""
    of_copy: bool = False


@dataclass(frozen=True, kw_only=True)
class AddressStopped(TicketEvent):
    """Automatic mail to ``address`` bounced: nothing more is written there by itself."""

    kind = "ticket.address_stopped"
    address: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MessageEdited(TicketEvent):
    """Its sender changed it; the former words are kept with the message."""

    kind = "message.edited"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class MessageErased(TicketEvent):
    """Its sender took it back: the words and files are gone."""

    kind = "message.erased"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class MessageReacted(TicketEvent):
    """``emoji`` is empty when the reaction was taken away."""

    kind = "message.reacted"
    message_id: int
    emoji: str = ""
