"""What agents say: replies and notes, and whether a reply got through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from people.models import User
from support.events import publish
from tickets.events import (
    MessageSent,
    MessageUndeliverable,
    NoteAdded,
    ReplyAdded,
    StatusChanged,
)
from tickets.inbound import InboundFile
from tickets.models import STATUS_FIELDS, Attachment, Message, Status, Ticket
from tickets.operations.change import Change, change
from tickets.operations.content import preview_of


def reply(
    ticket: Ticket,
    text: str,
    *,
    actor: User | None,
    status: Status = Status.PENDING,
    seen: int | None = None,
    files: Iterable[InboundFile] = (),
) -> Message:
    """Answer the customer, and leave the ticket in ``status``. Raises ``StaleTicket``."""
    with change(ticket, seen=seen) as work:
        message = _say(work, text, Message.Direction.OUTBOUND, actor, files)
        locked = work.ticket
        work.events.append(ReplyAdded(**_by(actor, locked), message_id=message.pk))
        old = Status(locked.status)
        if old != status and old.may_become(status):
            locked.move_to(status)
            work.events.append(StatusChanged(**_by(actor, locked), old=old, new=status))
        elif old == Status.PENDING:  # asked again: the customer's time starts afresh
            locked.pending_since, locked.nudged_at = timezone.now(), None
        locked.waiting_since = None
        locked.preview, locked.active_at = preview_of(text), timezone.now()
        work.fields |= {*STATUS_FIELDS, "preview", "active_at"}
    return message


def add_note(
    ticket: Ticket, text: str, *, actor: User | None, files: Iterable[InboundFile] = ()
) -> Message:
    """Write what only agents may read."""
    with change(ticket) as work:
        message = _say(work, text, Message.Direction.NOTE, actor, files)
        work.events.append(NoteAdded(**_by(actor, work.ticket), message_id=message.pk))
    return message


@transaction.atomic
def report_sent(message: Message) -> None:
    """Remember that the channel took a reply over."""
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now(), failure="")
    _report(message, MessageSent(ticket_id=message.ticket_id, message_id=message.pk))


@transaction.atomic
def report_undeliverable(message: Message, reason: str, *, is_unknown: bool = False) -> None:
    """Tell agents that a reply did not go out, or that nobody can say whether it did."""
    Message.objects.filter(pk=message.pk).update(failure=reason[:300])
    event = MessageUndeliverable(
        ticket_id=message.ticket_id,
        message_id=message.pk,
        reason=reason[:300],
        is_unknown=is_unknown,
    )
    _report(message, event)


def _report(message: Message, event: MessageSent | MessageUndeliverable) -> None:
    # The agent's guard is about what people said and did: last_event_id stays as it is.
    publish(event, audience=message.ticket.audience)


def _say(
    work: Change,
    text: str,
    direction: Message.Direction,
    actor: User | None,
    files: Iterable[InboundFile],
) -> Message:
    message = Message.objects.create(
        ticket=work.ticket,
        inbox_id=work.ticket.inbox_id,
        direction=direction,
        agent=actor,
        text=text,
    )
    Attachment.objects.bulk_create(
        Attachment(
            message=message,
            key=file.key,
            name=file.name[:200],
            content_type=file.content_type[:100],
            size=file.size,
            sha256=file.sha256,
        )
        for file in files
    )
    return message


def _by(actor: User | None, ticket: Ticket) -> dict[str, Any]:
    return {"actor_id": actor.pk if actor else None, "ticket_id": ticket.pk}
