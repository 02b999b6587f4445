from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import make_agent, make_ticket
from tickets.models import Status, Ticket
from tickets.operations import follow_up

pytestmark = pytest.mark.django_db


def followups(*args: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("followups", "--json", *args, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def pending(days: float, nudged_days: float | None = None) -> Ticket:
    """A ticket that has waited so long for its customer."""
    ticket = make_ticket()
    now = timezone.now()
    nudged = None if nudged_days is None else now - timedelta(days=nudged_days)
    since = now - timedelta(days=days)
    values = {"status": Status.PENDING, "pending_since": since, "nudged_at": nudged}
    Ticket.objects.filter(pk=ticket.pk).update(**values)
    return ticket


def test_an_agents_reminder_is_shown_with_its_reason() -> None:
    ticket = make_ticket()
    at = timezone.now() + timedelta(days=2)
    follow_up.set_follow_up(ticket, at, why="ask the maker", actor=make_agent())
    (item,) = followups()
    assert (item["what"], item["why"]) == ("follow-up", "ask the maker")
    assert item["reference"].replace("-", "") == ticket.reference
    assert item["at"] == at.isoformat()
    assert followups("--within", "1d") == []


def test_reminders_and_silent_solving_are_foretold() -> None:
    inbox = make_ticket().inbox
    inbox.nudge_after, inbox.solve_after = timedelta(days=4), timedelta(days=3)
    inbox.save()
    pending(days=2)
    pending(days=6, nudged_days=2)
    pending(days=6, nudged_days=5)
    found = [item["what"] for item in followups("--within", "30h")]
    assert found == ["solve for silence", "solve for silence"]
    found = [item["what"] for item in followups("--within", "1w")]
    assert found == ["solve for silence", "solve for silence", "reminder"]


def test_a_person_reads_lines() -> None:
    follow_up.set_follow_up(
        make_ticket(), timezone.now() + timedelta(hours=1), why="call", actor=None
    )
    Ticket.objects.update(follow_up_at=timezone.now() - timedelta(hours=1))
    out = io.StringIO()
    call_command("followups", stdout=out)
    assert "overdue" in out.getvalue()
    assert "(call)" in out.getvalue()


def test_a_span_that_is_none_is_refused_clearly() -> None:
    with pytest.raises(CommandError, match="no span of time"):
        call_command("followups", "--within", "soon")
