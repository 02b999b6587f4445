"""``manage followups``: which tickets come back to somebody, when, and why."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tickets import reference
from tickets.models import Ticket
from tickets.operations import follow_up

_SPAN = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class Due:
    """One thing that will happen to a ticket unless somebody does something first."""

    at: datetime
    what: str
    reference: str
    subject: str
    why: str = ""


def span(text: str) -> timedelta:
    """``12h``, ``7d`` or ``2w``."""
    if not (found := _SPAN.fullmatch(text)):
        raise ArgumentTypeError(f"{text!r} is no span of time such as 12h, 7d or 2w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def coming(until: datetime) -> list[Due]:
    """Follow-ups, reminders and silent solving that fall due before ``until``, soonest first."""
    due = [*_follow_ups(until), *_nudges(until), *_solved(until)]
    return sorted(due, key=lambda item: (item.at, item.reference))


def _follow_ups(until: datetime) -> Iterator[Due]:
    for ticket in follow_up.due_follow_ups(until):
        if ticket.follow_up_at is not None:
            yield _due(ticket, ticket.follow_up_at, "follow-up", ticket.follow_up_why)


def _nudges(until: datetime) -> Iterator[Due]:
    for ticket in follow_up.to_nudge(until).select_related("inbox"):
        if ticket.pending_since is not None:
            yield _due(ticket, ticket.pending_since + ticket.inbox.nudge_after, "reminder")


def _solved(until: datetime) -> Iterator[Due]:
    for ticket in follow_up.to_solve(until).select_related("inbox"):
        if ticket.nudged_at is not None:
            yield _due(ticket, ticket.nudged_at + ticket.inbox.solve_after, "solve for silence")


def _due(ticket: Ticket, at: datetime, what: str, why: str = "") -> Due:
    number = reference.display(ticket.reference)
    return Due(at=at, what=what, reference=number, subject=ticket.subject, why=why)


class Command(BaseCommand):
    help = "Show which follow-ups, reminders and silent solves are due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--within", type=span, default=span("7d"), metavar="7d")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *_args: str, **options: Any) -> None:
        now = timezone.now()
        for item in coming(now + options["within"]):
            self.stdout.write(_as_json(item) if options["json"] else _as_line(item, now))


def _as_json(item: Due) -> str:
    return json.dumps(asdict(item) | {"at": item.at.isoformat()}, ensure_ascii=False)


def _as_line(item: Due, now: datetime) -> str:
    mark = "overdue" if item.at <= now else ""
    at = timezone.localtime(item.at).strftime("%Y-%m-%d %H:%M")
    why = f"  ({item.why})" if item.why else ""
    return f"{at}  {mark:<8}{item.what:<18}{item.reference}  {item.subject}{why}"
