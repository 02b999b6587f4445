"""Whose turn it is after a reply, and how that is undone when the reply is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from people.models import User
from support.models import Event
from tickets.events import ReplyAdded, StatusChanged
from tickets.models import STATUS_FIELDS, Message, Status, Ticket
from tickets.operations.change import Change, change
from tickets.operations.content import preview_of
from tickets.operations.saying import by

_TIMES = ("waiting_since", "pending_since", "nudged_at", "solved_at")


def hand_over(work: Change, message: Message, status: Status, actor: User | None) -> None:
    """The reply counts: the ticket waits for us no longer, and takes ``status``."""
    ticket = work.ticket
    was = {name: _said(getattr(ticket, name)) for name in _TIMES} | {"status": ticket.status}
    work.events.append(ReplyAdded(**by(actor, ticket), message_id=message.pk, was=was))
    old = Status(ticket.status)
    if old != status and old.may_become(status):
        ticket.move_to(status)
        work.events.append(StatusChanged(**by(actor, ticket), old=old, new=status))
    elif old == Status.PENDING:  # asked again: the customer's time starts afresh
        ticket.pending_since, ticket.nudged_at = timezone.now(), None
    ticket.waiting_since = None
    ticket.preview, ticket.active_at = preview_of(message.text), timezone.now()
    work.fields |= {*STATUS_FIELDS, "preview", "active_at"}


def hand_over_late(work: Change, message: Message) -> None:
    """The same for a reply that waited. What came in meanwhile is not answered by it."""
    ticket, heard = work.ticket, heard_since(message)
    if heard is None:
        hand_over(work, message, Status(message.then_status or Status.PENDING), message.agent)
        return
    work.events.append(ReplyAdded(**by(message.agent, ticket), message_id=message.pk))
    ticket.active_at = timezone.now()
    work.fields.add("active_at")
    if not ticket.is_done:
        ticket.waiting_since = heard.created_at
        work.fields.add("waiting_since")


def heard_since(message: Message) -> Message | None:
    """The first that the customer's side wrote after this reply was written."""
    public = Message.objects.public().filter(ticket=message.ticket_id, pk__gt=message.pk)
    heard = public.filter(direction=Message.Direction.INBOUND, is_automatic=False)
    return heard.order_by("pk").first()


def unanswer(ticket: Ticket) -> None:
    """A reply did not arrive: whoever waited for it waits still, since they last wrote."""
    with change(ticket) as work:
        public = Message.objects.public().filter(ticket=ticket, is_automatic=False)
        heard = public.filter(direction=Message.Direction.INBOUND).order_by("-pk").first()
        if heard is None or work.ticket.is_done or work.ticket.waiting_since is not None:
            return
        work.ticket.waiting_since = heard.created_at
        work.fields.add("waiting_since")


def hand_back(work: Change, message: Message, actor: User | None) -> None:
    """The reply is taken back: it is our turn as before, unless another answer was given."""
    ticket = work.ticket
    public = Message.objects.public().filter(ticket=ticket).exclude(pk=message.pk)
    if last := public.order_by("-pk").first():
        ticket.preview = preview_of(last.text)
    ticket.active_at = timezone.now()
    work.fields |= {*STATUS_FIELDS, "preview", "active_at"}
    told = _told(ticket, message)
    answers = public.filter(pk__gt=message.pk, direction=Message.Direction.OUTBOUND)
    if told is None or not told.payload["was"] or answers.exists():
        return
    was = told.payload["was"]
    _restore_status(work, told, was, actor)
    if not ticket.is_done:
        ticket.waiting_since = _heard(was["waiting_since"]) or ticket.waiting_since


def _told(ticket: Ticket, message: Message) -> Event | None:
    """Where it is written down how the ticket stood before this reply."""
    said = Event.objects.filter(topic=f"ticket:{ticket.pk}", kind=ReplyAdded.kind)
    return said.filter(payload__message_id=message.pk).order_by("-pk").first()


def _restore_status(work: Change, told: Event, was: Mapping[str, str], actor: User | None) -> None:
    """Back to the former status, unless somebody changed it since. Undoing knows no rules."""
    ticket = work.ticket
    changes = Event.objects.filter(topic=told.topic, kind=StatusChanged.kind, pk__gt=told.pk)
    if changes.exclude(transaction=told.transaction).exists():
        return
    old, former = Status(ticket.status), Status(was["status"])
    ticket.status = former
    ticket.pending_since = _heard(was["pending_since"])
    ticket.nudged_at = _heard(was["nudged_at"])
    ticket.solved_at = _heard(was["solved_at"])
    if old != former:
        changed = StatusChanged(**by(actor, ticket), old=old, new=former, reason="withdrawn")
        work.events.append(changed)


def _said(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _heard(moment: str) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None
