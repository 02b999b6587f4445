"""Writing down what is said by us, whomever it is for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from people.models import User
from tickets.inbound import InboundFile
from tickets.models import Attachment, Message, Ticket
from tickets.operations.change import Change


def say(
    work: Change,
    text: str,
    direction: Message.Direction,
    actor: User | None,
    files: Iterable[InboundFile],
    **values: Any,
) -> Message:
    message = Message.objects.create(
        ticket=work.ticket,
        inbox_id=work.ticket.inbox_id,
        direction=direction,
        agent=actor,
        text=text,
        **values,
    )
    Attachment.objects.bulk_create(attached(message, file) for file in files)
    return message


def attached(message: Message, file: InboundFile) -> Attachment:
    return Attachment(
        message=message,
        key=file.key,
        name=file.name[:200],
        content_type=file.content_type[:100],
        size=file.size,
        sha256=file.sha256,
        content_id=file.content_id[:255],
        is_inline=file.is_inline,
        part=file.part,
    )


def by(actor: User | None, ticket: Ticket) -> dict[str, Any]:
    return {"actor_id": actor.pk if actor else None, "ticket_id": ticket.pk}
