from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from people.models import Team, User
from support.models import Event
from tests.factories import make_agent, make_message, make_ticket
from tickets.exceptions import IllegalTransition, StaleTicket, TicketError
from tickets.models import Message, Priority, Status, Ticket
from tickets.operations import follow_up, lifecycle, triage
from tickets.operations.reply import add_note, reply
from tickets.plain_status import PlainState, plain_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> User:
    return make_agent()


@pytest.fixture
def ticket() -> Ticket:
    return make_ticket()


def kinds(ticket: Ticket) -> list[str]:
    rows = Event.objects.filter(topic=f"ticket:{ticket.pk}").order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_a_reply_hands_the_turn_to_the_customer(ticket: Ticket, agent: User) -> None:
    reply(ticket, "Try this", actor=agent)
    assert (ticket.status, ticket.waiting_since) == (Status.PENDING, None)
    assert ticket.pending_since is not None
    assert kinds(ticket)[-2:] == ["message.reply_added", "ticket.status_changed"]


def test_a_change_by_somebody_who_missed_the_last_event_is_refused(
    ticket: Ticket, agent: User
) -> None:
    seen = ticket.last_event_id
    make_message(ticket.inbox, ticket_id=ticket.pk)
    with pytest.raises(StaleTicket):
        reply(ticket, "I did not read your second mail", actor=agent, seen=seen)
    assert not Message.objects.filter(direction="outbound").exists()
    ticket.refresh_from_db()
    reply(ticket, "Now I did", actor=agent, seen=ticket.last_event_id)


def test_a_note_never_touches_whose_turn_it_is(ticket: Ticket, agent: User) -> None:
    add_note(ticket, "internal", actor=agent)
    assert ticket.status == Status.NEW
    assert ticket.waiting_since is not None


def test_a_closed_ticket_stays_closed(ticket: Ticket) -> None:
    lifecycle.set_status(ticket, Status.CLOSED, actor=None)
    with pytest.raises(IllegalTransition):
        lifecycle.set_status(ticket, Status.OPEN, actor=None)


def test_triage_is_recorded(ticket: Ticket, agent: User) -> None:
    triage.assign(ticket, agent, actor=agent)
    triage.set_priority(ticket, Priority.URGENT, actor=agent)
    triage.set_tags(ticket, ["VIP", "deposit", ""], actor=agent)
    triage.move_to_team(ticket, Team.objects.create(name="Wallets"), actor=agent)
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.priority) == (agent, "urgent")
    assert sorted(ticket.tags.values_list("name", flat=True)) == ["deposit", "vip"]
    assert kinds(ticket)[2:] == [
        "ticket.assigned",
        "ticket.priority_changed",
        "ticket.tags_changed",
        "ticket.team_changed",
    ]


def test_doing_the_same_again_is_no_event(ticket: Ticket, agent: User) -> None:
    triage.assign(ticket, agent, actor=agent)
    before = kinds(ticket)
    triage.assign(ticket, agent, actor=agent)
    assert kinds(ticket) == before


def test_a_merge_cannot_loop(ticket: Ticket) -> None:
    other = make_ticket(ticket.inbox)
    with pytest.raises(TicketError):
        lifecycle.merge(ticket, ticket, actor=None)
    lifecycle.merge(ticket, other, actor=None)
    with pytest.raises(TicketError):
        lifecycle.merge(other, ticket, actor=None)


def test_a_follow_up_brings_the_ticket_back_to_the_top(ticket: Ticket, agent: User) -> None:
    reply(ticket, "Back tomorrow", actor=agent)
    now = timezone.now()
    follow_up.set_follow_up(ticket, now + timedelta(hours=1), why="call back", actor=agent)
    assert follow_up.wake_follow_ups(now) == 0
    later = now + timedelta(hours=2)
    assert follow_up.wake_follow_ups(later) == 1
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert ticket.active_at == later
    assert ticket.follow_up_at is None
    assert "ticket.follow_up_due" in kinds(ticket)
    assert follow_up.wake_follow_ups(later) == 0


def test_the_silent_are_reminded_once_and_then_solved(ticket: Ticket, agent: User) -> None:
    reply(ticket, "Which network was it?", actor=agent)
    asked, inbox = timezone.now(), ticket.inbox
    assert follow_up.tend_pending(asked) == (0, 0)
    reminded = asked + inbox.nudge_after + timedelta(minutes=1)
    assert follow_up.tend_pending(reminded) == (1, 0)
    assert follow_up.tend_pending(reminded) == (0, 0)
    solved = reminded + inbox.solve_after + timedelta(minutes=1)
    assert follow_up.tend_pending(solved) == (0, 1)
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED


def test_an_answer_in_between_stops_the_clock(ticket: Ticket, agent: User) -> None:
    reply(ticket, "Which network was it?", actor=agent)
    later = timezone.now() + ticket.inbox.nudge_after + timedelta(minutes=1)
    follow_up.tend_pending(later)
    make_message(ticket.inbox, ticket_id=ticket.pk)
    far = later + ticket.inbox.solve_after * 2
    assert follow_up.tend_pending(far) == (0, 0)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.NEW, PlainState.RECEIVED),
        (Status.OPEN, PlainState.IN_PROGRESS),
        (Status.ON_HOLD, PlainState.IN_PROGRESS),
        (Status.PENDING, PlainState.WAITING_FOR_YOU),
        (Status.SOLVED, PlainState.SOLVED),
    ],
)
def test_the_plain_state_says_whether_the_customer_must_act(
    ticket: Ticket, status: Status, state: PlainState
) -> None:
    if status != ticket.status:
        lifecycle.set_status(ticket, status, actor=None)
    told = plain_status(ticket.reference)
    assert told is not None
    assert told.state == state
    assert told.must_act == (state == PlainState.WAITING_FOR_YOU)


def test_an_unknown_number_has_no_state() -> None:
    assert plain_status("0000000000000") is None


def test_an_agent_sees_their_teams_their_own_and_the_unrouted(ticket: Ticket) -> None:
    outsider = make_agent(sees_all_tickets=False)
    assert ticket not in Ticket.objects.visible_to(outsider)
    assert ticket.team is not None
    outsider.teams.add(ticket.team)
    assert ticket in Ticket.objects.visible_to(outsider)
    outsider.teams.clear()
    triage.assign(ticket, outsider, actor=None)
    assert ticket in Ticket.objects.visible_to(outsider)
