"""What a PATCH or POST means in the ticket's own operations."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request

from api import access, limits, uploads
from api.bearer import require_scope, token_of
from api.models import ApiToken
from api.problems import Problem
from api.scopes import ATTACHMENTS_WRITE
from people.operations import Address
from support import language, secrets_guard
from tickets.inbound import InboundFile, InboundMessage
from tickets.models import Message, Priority, Status, Ticket
from tickets.operations import follow_up, intake, lifecycle, reply, triage

_ETAG = re.compile(r'"(\d{1,18})"')
_RECIPIENTS = ("to", "cc", "bcc")


def etag(ticket: Ticket) -> str:
    return f'"{ticket.last_event_id}"'


def seen_by(request: Request, ticket: Ticket) -> int | None:
    """The event ``If-Match`` names; None without one. 412 when it can be no ticket's state."""
    condition = request.headers.get("If-Match")
    if condition is None or condition.strip() == "*":
        return None
    seen = [int(number) for number in _ETAG.findall(re.sub(r'W/"[^"]*"', "", condition))]
    if ticket.last_event_id not in seen:
        raise Problem("stale_ticket")
    return ticket.last_event_id


@transaction.atomic
def apply(ticket: Ticket, asked: dict[str, Any], token: ApiToken, *, seen: int | None) -> None:
    """Change all that was asked, or nothing. The guard holds for the first change: that locks."""
    agent = token.agent
    changes: dict[str, Callable[[Any, int | None], None]] = {
        "team": lambda team, s: triage.move_to_team(ticket, team, actor=agent, seen=s),
        "assignee": lambda who, s: triage.assign(ticket, who, actor=agent, seen=s),
        "priority": lambda p, s: triage.set_priority(ticket, Priority(p), actor=agent, seen=s),
        "category": lambda c, s: triage.set_category(ticket, c, actor=agent, seen=s),
        "tags": lambda tags, s: triage.set_tags(ticket, tags, actor=agent, seen=s),
        "follow_up_at": lambda at, s: follow_up.set_follow_up(
            ticket, at, why=asked.get("follow_up_why", ""), actor=agent, seen=s
        ),
        "status": lambda status, s: lifecycle.set_status(
            ticket, Status(status), actor=agent, seen=s
        ),
    }
    for name, change in changes.items():
        if name in asked:
            change(asked[name], seen)
            seen = None


def open_ticket(request: Request, asked: dict[str, Any]) -> Ticket:
    """File a new request, as any other door does, and set what was asked besides."""
    token = token_of(request)
    inbox = asked.get("inbox") or access.default_inbox()
    limits.open_ticket(_address(asked["requester"]).value)
    message = intake.receive_message(
        inbox,
        _inbound(
            asked["requester"],
            asked["text"],
            subject=_redacted(" ".join(asked["subject"].split())),
            category=asked["category"].slug if asked.get("category") else "",
            language=asked.get("language") or language.detect(asked["text"]),
            files=_files(request, asked),
        ),
    )
    more: dict[str, Any] = {name: asked[name] for name in ("priority", "tags") if name in asked}
    apply(message.ticket, more, token, seen=None)
    return message.ticket


def add_message(
    request: Request, ticket: Ticket, asked: dict[str, Any], *, seen: int | None
) -> Message:
    """A reply, a note, or what the customer said elsewhere."""
    token = token_of(request)
    text, files = asked["text"], _files(request, asked)
    if asked["direction"] == Message.Direction.NOTE:
        return reply.add_note(ticket, _redacted(text), actor=token.agent, files=files)
    if asked["direction"] == Message.Direction.OUTBOUND:
        to, cc, bcc = ([_address(one) for one in asked.get(name, ())] for name in _RECIPIENTS)
        return reply.reply(
            ticket,
            text,
            actor=token.agent,
            status=Status(asked.get("status", Status.PENDING)),
            seen=seen,
            files=files,
            to=to,
            cc=cc,
            bcc=bcc,
            send_at=asked.get("send_at"),
            unless_answered=asked.get("unless_answered", False),
        )
    return intake.receive_message(
        ticket.inbox,
        _inbound(asked["sender"], text, ticket_id=ticket.pk, files=files),
    )


def _inbound(sender: dict[str, str], text: str, **values: Any) -> InboundMessage:
    """What a caller says a customer said: nothing in it is proved."""
    return InboundMessage(
        external_id=f"api:{uuid.uuid4()}",
        sender=_address(sender),
        text=_redacted(text),
        sent_at=timezone.now(),
        meta={"door": "api"},
        **values,
    )


def _redacted(text: str) -> str:
    """Without seed phrases and keys: nobody at a desk needs them."""
    return secrets_guard.redact(text)[0]


def _files(request: Request, asked: dict[str, Any]) -> tuple[InboundFile, ...]:
    ids: list[uuid.UUID] = asked.get("attachments", [])
    if ids:
        require_scope(request, ATTACHMENTS_WRITE)
    return uploads.spend(token_of(request), ids)


def _address(person: dict[str, str]) -> Address:
    return Address.email(person["email"], person["name"])
