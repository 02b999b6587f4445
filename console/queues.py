"""The queue's views, a page at a time by key, and their counts up to a thousand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from people.models import User
from tickets.models import Ticket

PAGE = 50
#: The queue's order is also the key its pages go on from.
ORDER = ("-active_at", "-pk")
MOST_COUNTED = 1000
#: Words are looked for among so many of the latest tickets; numbers and addresses in all.
SEARCHED = 2000


@dataclass(frozen=True)
class QueueView:
    """``key`` leads to it after G."""

    slug: str
    label: str | Promise
    icon: str
    key: str
    is_counted: bool = True


VIEWS = {
    view.slug: view
    for view in (
        QueueView("mine", _("Assigned to me"), "inbox", "M"),
        QueueView("unassigned", _("Unassigned"), "dashed", "U"),
        QueueView("open", _("All open"), "layers", "A"),
        QueueView("solved", _("Solved"), "check", "S", is_counted=False),
    )
}


def tickets_in(view: QueueView, agent: User) -> QuerySet[Ticket]:
    visible = Ticket.objects.visible_to(agent)
    if view.slug == "solved":
        return visible.solved()
    unsolved = visible.unsolved()
    if view.slug == "mine":
        return unsolved.assigned_to(agent)
    return unsolved.unassigned() if view.slug == "unassigned" else unsolved


def page_of(tickets: QuerySet[Ticket], before: str) -> tuple[list[Ticket], str]:
    """Up to ``PAGE`` tickets after the key ``before``, and the key of the next page or ""."""
    if place := _place(before):
        at, pk = place
        tickets = tickets.filter(Q(active_at__lt=at) | Q(active_at=at, pk__lt=pk))
    related = tickets.select_related("requester", "assignee", "inbox").prefetch_related("tags")
    rows = list(related.order_by(*ORDER)[: PAGE + 1])
    if len(rows) <= PAGE:
        return rows, ""
    last = rows[PAGE - 1]
    return rows[:PAGE], f"{last.active_at.isoformat()}_{last.pk}"


def _place(key: str) -> tuple[datetime, int] | None:
    at, _sep, pk = key.partition("_")
    try:
        return datetime.fromisoformat(at), int(pk)
    except ValueError:
        return None


def counted(tickets: QuerySet[Ticket]) -> str:
    """How many, or ``999+``: nobody waits for a number that nobody reads."""
    number = tickets.order_by()[:MOST_COUNTED].count()
    return f"{MOST_COUNTED - 1}+" if number >= MOST_COUNTED else str(number)


def search(text: str, agent: User) -> QuerySet[Ticket]:
    """Tickets of an address, or with words in subject or name among the latest."""
    visible = Ticket.objects.visible_to(agent)
    if "@" in text:
        return visible.filter(requester__identities__value=text.strip().lower())
    latest = visible.latest_first().values("pk")[:SEARCHED]
    words = Q(subject__icontains=text) | Q(requester__name__icontains=text)
    return Ticket.objects.filter(words, pk__in=latest)
