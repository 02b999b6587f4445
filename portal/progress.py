"""The way of a request, as its customer follows it: received, worked on, solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from people.models import User
from tickets.models import Message, Ticket
from tickets.plain_status import PlainState


@dataclass(frozen=True)
class Step:
    state: PlainState
    is_reached: bool
    is_now: bool
    at: datetime | None = None
    by: User | None = None


def steps_of(ticket: Ticket, state: PlainState, said: Sequence[Message]) -> list[Step]:
    """The steps in order; waiting for the customer is one only while it lasts."""
    way = [PlainState.RECEIVED, PlainState.IN_PROGRESS, PlainState.SOLVED]
    if state == PlainState.WAITING_FOR_YOU:
        way.insert(2, state)
    answer = next((m for m in said if m.direction == Message.Direction.OUTBOUND), None)
    facts: dict[PlainState, tuple[datetime | None, User | None]] = {
        PlainState.RECEIVED: (ticket.created_at, None),
        PlainState.IN_PROGRESS: (answer.created_at, answer.agent) if answer else (None, None),
        PlainState.WAITING_FOR_YOU: (ticket.pending_since, None),
        PlainState.SOLVED: (ticket.solved_at, None),
    }
    now = way.index(state)
    return [Step(step, place <= now, place == now, *facts[step]) for place, step in enumerate(way)]
