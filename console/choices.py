"""What an agent may choose for a ticket, one select each in the panel at the side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from people.models import Team, User
from tickets.models import Category, Priority, Status, Ticket

Option = tuple[Any, Any]
MOST = 200


@dataclass(frozen=True)
class Choice:
    """``action`` is the operation, ``field`` the name its value is sent under."""

    action: str
    field: str
    label: str | Promise
    value: Any
    options: list[Option]


def choices_for(ticket: Ticket) -> list[Choice]:
    agents = User.objects.filter(is_active=True).order_by("name", "pk")[:MOST]
    teams = Team.objects.order_by("name")[:MOST]
    now = Status(ticket.status)
    statuses = [(each.value, each.label) for each in Status if each == now or now.may_become(each)]
    return [
        Choice("assign", "agent", _("Assignee"), ticket.assignee_id, _or_none(agents)),
        Choice("status", "status", _("Status"), ticket.status, statuses),
        Choice("priority", "priority", _("Priority"), ticket.priority, list(Priority.choices)),
        Choice("team", "team", _("Team"), ticket.team_id, _or_none(teams)),
        Choice("category", "category", _("Category"), _slug(ticket.category), _categories()),
    ]


def _or_none(rows: Iterable[Team] | Iterable[User]) -> list[Option]:
    return [("", "–"), *((row.pk, str(row)) for row in rows)]


def _slug(category: Category | None) -> str:
    return category.slug if category else ""


def _categories() -> list[Option]:
    return [("", "–"), *((each.slug, each.label) for each in Category.objects.all()[:MOST])]
