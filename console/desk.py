"""The desk: the queue on the left, one ticket on the right, and the pieces that go live."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from redis.exceptions import RedisError

from channels.models import AutomaticMail
from console import queues
from console.gate import agent_of, agents_only, visible_ticket
from console.timeline import timeline
from people.models import Team, User
from people.permissions import may
from support.redis import client as redis
from tickets import reference
from tickets.models import Category, Priority, Status, Ticket

VIEWER_SECONDS = 45


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What every page of the desk shows: views with counts, who I am."""
    agent = agent_of(request)
    counts = {
        view.slug: queues.counted(queues.tickets_in(view, agent))
        for view in queues.VIEWS.values()
        if view.slug != "solved"
    }
    return {
        "agent": agent,
        "views": [(view, counts.get(view.slug, "")) for view in queues.VIEWS.values()],
        "is_admin": may(agent, "settings.edit"),
    }


def _list(request: HttpRequest, slug: str) -> dict[str, Any]:
    agent, words = agent_of(request), request.GET.get("q", "").strip()[:200]
    view = queues.VIEWS.get(slug, queues.VIEWS["open"])
    tickets = queues.search(words, agent) if words else queues.tickets_in(view, agent)
    rows, more = queues.page_of(tickets, request.GET.get("before", ""))
    return {"view": view, "rows": rows, "more": more, "q": words}


@agents_only()
@require_GET
def queue(request: HttpRequest, slug: str = "open") -> HttpResponse:
    """One view of the queue; a number in the search box leads straight to its ticket."""
    normal = reference.normalise(request.GET.get("q", ""))
    found = Ticket.objects.by_reference(normal) if normal else None
    if found and Ticket.objects.visible_to(agent_of(request)).filter(pk=found.pk).exists():
        return redirect("console:ticket", number=found.reference)
    return render(request, "console/desk.html", {**_frame(request), **_list(request, slug)})


@agents_only()
@require_GET
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    shown = visible_ticket(request, number)
    return render_ticket(request, shown)


def render_ticket(
    request: HttpRequest, shown: Ticket, *, draft: str = "", mode: str = "reply", status: int = 200
) -> HttpResponse:
    """The desk with one ticket open; ``draft`` is put back into the composer."""
    context = {
        **_frame(request),
        **_list(request, request.GET.get("view", "open")),
        **ticket_context(request, shown),
        "draft": draft,
        "mode": mode,
    }
    return render(request, "console/desk.html", context, status=status)


def ticket_context(request: HttpRequest, shown: Ticket) -> dict[str, Any]:
    agent = agent_of(request)
    others = Ticket.objects.visible_to(agent).filter(requester_id=shown.requester_id)
    return {
        "ticket": shown,
        "items": timeline(shown),
        "identities": shown.requester.identities.order_by("pk"),
        "others": others.exclude(pk=shown.pk).order_by("-pk")[:6],
        "mails": AutomaticMail.objects.filter(ticket=shown).select_related("delivery"),
        "statuses": [s for s in Status if s == shown.status or Status(shown.status).may_become(s)],
        "priorities": Priority.choices,
        "agents": User.objects.filter(is_active=True).order_by("name", "pk")[:200],
        "teams": Team.objects.order_by("name")[:200],
        "categories": Category.objects.all()[:200],
        "tags_text": ", ".join(sorted(tag.name for tag in shown.tags.all())),
    }


@agents_only()
@require_GET
def live(request: HttpRequest, number: str) -> HttpResponse:
    """The open ticket's timeline and facts as they are now, to patch into the page."""
    shown = visible_ticket(request, number)
    return render(request, "console/live.html", ticket_context(request, shown))


@agents_only()
@require_GET
def row(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """One row of a view as it is now; 204 when the ticket is not in it."""
    view = queues.VIEWS.get(request.GET.get("view", ""), queues.VIEWS["open"])
    tickets = queues.tickets_in(view, agent_of(request)).filter(pk=ticket_id)
    shown = tickets.select_related("requester", "assignee", "inbox").first()
    if shown is None:
        return HttpResponse(status=204)
    return render(request, "console/row.html", {"row": shown, "view": view})


@agents_only()
@require_POST
def here(request: HttpRequest, number: str) -> HttpResponse:
    """Say that I am looking at this ticket, and hear who else is."""
    shown, agent = visible_ticket(request, number), agent_of(request)
    key, now = f"harbour:viewing:{shown.pk}", time.time()
    try:
        pipe = redis().pipeline()
        pipe.zadd(key, {str(agent.pk): now})
        pipe.zremrangebyscore(key, 0, now - VIEWER_SECONDS)
        pipe.expire(key, VIEWER_SECONDS * 2)
        pipe.zrange(key, 0, 20)
        present = {int(member) for member in pipe.execute()[3]} - {agent.pk}
    except (RedisError, OSError):
        present = set()
    names = [str(other) for other in User.objects.filter(pk__in=present).order_by("pk")]
    return JsonResponse({"viewing": names})
