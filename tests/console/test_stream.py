"""The live stream over real HTTP: who hears what, and that nothing is missed or told twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.test import Client

from people.models import Team, User
from support import stream
from support.models import Event
from tests.factories import make_agent, make_inbox, make_message, make_ticket
from tickets.models import Ticket
from tickets.operations.reply import add_note

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def listening(url: str, agent: User, last: int | str = "", query: str = "") -> Iterator[Any]:
    """The events that ``agent`` hears, as they come."""
    client = Client()
    client.force_login(agent)
    cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
    headers = {"Last-Event-ID": str(last)} if last != "" else {}
    where = f"{url}/console/events{query}"
    with (
        httpx.Client(timeout=10) as web,
        web.stream("GET", where, cookies=cookies, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        lines = answer.iter_lines()
        assert next(line for line in lines if line) == "retry: 2000"
        yield (json.loads(line[6:]) for line in lines if line.startswith("data: "))


def test_nobody_listens_unsigned(desk_url: str) -> None:
    assert httpx.get(f"{desk_url}/console/events").status_code == 403


def test_a_listener_hears_what_happens_now(desk_url: str, ticket: Ticket) -> None:
    agent = make_agent()
    with listening(desk_url, agent, query=f"?since={ticket.last_event_id}") as events:
        add_note(ticket, "look", actor=agent)
        told = next(events)
    assert (told["kind"], told["topic"]) == ("message.note_added", f"ticket:{ticket.pk}")
    assert set(told) == {"id", "kind", "topic", "actor_id"}


def test_who_comes_back_hears_what_was_missed_once(desk_url: str, ticket: Ticket) -> None:
    agent = make_agent()
    with listening(desk_url, agent, last=ticket.last_event_id) as first:
        add_note(ticket, "one", actor=agent)
        known = next(first)["id"]
        with listening(desk_url, agent, last=known) as second:
            add_note(ticket, "two", actor=agent)
            assert next(second)["id"] > known
    add_note(ticket, "three", actor=agent)
    add_note(ticket, "four", actor=agent)
    missed = list(Event.objects.filter(pk__gt=known).order_by("pk").values_list("pk", flat=True))
    with listening(desk_url, agent, last=known) as third:
        heard: list[int] = []
        while missed[-1] not in heard:
            heard.append(next(third)["id"])
    assert len(heard) == len(set(heard))
    assert set(missed) <= set(heard)


def test_who_was_away_too_long_is_told_to_look_afresh(
    desk_url: str, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BACKLOG", 1)
    with listening(desk_url, make_agent(), last=0) as events:
        assert next(events) == {}


def test_an_agent_hears_only_of_tickets_they_may_see(desk_url: str, ticket: Ticket) -> None:
    outsider = make_agent(sees_all_tickets=False)
    team = Team.objects.create(name="Elsewhere")
    outsider.teams.add(team)
    theirs = make_ticket(make_inbox(name="Elsewhere", team=team))
    since = Event.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with listening(desk_url, outsider, query=f"?since={since}") as events:
        add_note(ticket, "secret", actor=make_agent())
        make_message(theirs.inbox, ticket_id=theirs.pk, text="for you")
        topics = {next(events)["topic"]}
    assert topics <= {f"ticket:{theirs.pk}"}


@pytest.mark.parametrize("last", ["nonsense", "-1", "9" * 30])
def test_a_strange_place_is_no_error(desk_url: str, last: str) -> None:
    with listening(desk_url, make_agent(), last=last):
        pass
