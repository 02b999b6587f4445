"""The few seconds in which a reply can be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from console.gate import agent_of
from tickets.models import Message, Ticket


@dataclass(frozen=True)
class Undo:
    message: Message
    seconds: int


def undoable(request: HttpRequest, ticket: Ticket) -> Undo | None:
    """The agent's own reply of just now (``?sent=``), while there is time."""
    given = request.GET.get("sent", "")
    if not given.isdecimal() or len(given) > 18:
        return None
    mine = ticket.messages.filter(agent=agent_of(request), withdrawn_at=None, sent_at=None)
    message = mine.filter(pk=int(given), side_thread=None, send_at=None).first()
    if message is None:
        return None
    gone = (timezone.now() - message.created_at).total_seconds()
    left = int(settings.HARBOUR_UNDO_SECONDS - gone)
    return Undo(message, left) if left > 0 else None
