"""Who works on a ticket, and how urgently."""

from __future__ import annotations

from collections.abc import Iterable

from people.models import Team, User
from tickets.events import (
    CategoryChanged,
    PriorityChanged,
    TagsChanged,
    TeamChanged,
    TicketAssigned,
)
from tickets.exceptions import TicketError
from tickets.models import Category, Priority, Tag, Ticket
from tickets.operations.change import change

MAX_TAGS = 30


def assign(
    ticket: Ticket, agent: User | None, *, actor: User | None, seen: int | None = None
) -> None:
    """Make ``agent`` responsible; None gives the ticket back to the queue."""
    with change(ticket, seen=seen) as work:
        if work.ticket.assignee_id == (agent.pk if agent else None):
            return
        work.ticket.assignee = agent
        work.fields.add("assignee")
        work.events.append(
            TicketAssigned(
                ticket_id=ticket.pk,
                actor_id=actor.pk if actor else None,
                assignee_id=agent.pk if agent else None,
                assignee_name=str(agent) if agent else "",
            )
        )


def move_to_team(
    ticket: Ticket, team: Team | None, *, actor: User | None, seen: int | None = None
) -> None:
    with change(ticket, seen=seen) as work:
        if work.ticket.team_id == (team.pk if team else None):
            return
        work.ticket.team = team
        work.fields.add("team")
        work.events.append(
            TeamChanged(
                ticket_id=ticket.pk,
                actor_id=actor.pk if actor else None,
                team_id=team.pk if team else None,
                team_name=str(team) if team else "",
            )
        )


def set_priority(
    ticket: Ticket, priority: Priority, *, actor: User | None, seen: int | None = None
) -> None:
    with change(ticket, seen=seen) as work:
        old = work.ticket.priority
        if old == priority:
            return
        work.ticket.priority = priority
        work.fields.add("priority")
        work.events.append(
            PriorityChanged(
                ticket_id=ticket.pk,
                actor_id=actor.pk if actor else None,
                old=old,
                new=priority,
            )
        )


def set_category(
    ticket: Ticket, category: Category | None, *, actor: User | None, seen: int | None = None
) -> None:
    with change(ticket, seen=seen) as work:
        if work.ticket.category_id == (category.pk if category else None):
            return
        work.ticket.category = category
        work.fields.add("category")
        work.events.append(
            CategoryChanged(
                ticket_id=ticket.pk,
                actor_id=actor.pk if actor else None,
                category=category.slug if category else "",
            )
        )


def set_tags(
    ticket: Ticket, names: Iterable[str], *, actor: User | None, seen: int | None = None
) -> None:
    """Make the ticket's tags exactly ``names``; unknown ones are made. At most 30."""
    wanted = {name.strip().lower()[:50] for name in names if name.strip()}
    if len(wanted) > MAX_TAGS:
        raise TicketError(f"A ticket holds at most {MAX_TAGS} tags.")
    with change(ticket, seen=seen) as work:
        present = set(work.ticket.tags.values_list("name", flat=True))
        added, removed = sorted(wanted - present), sorted(present - wanted)
        if not (added or removed):
            return
        Tag.objects.bulk_create([Tag(name=name) for name in added], ignore_conflicts=True)
        work.ticket.tags.set(Tag.objects.filter(name__in=wanted))
        work.events.append(
            TagsChanged(
                ticket_id=ticket.pk,
                actor_id=actor.pk if actor else None,
                added=added,
                removed=removed,
            )
        )
