"""The desk: the queue on the left, one ticket on the right, and the pieces that go live."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from redis.exceptions import RedisError

from channels.models import AutomaticMail
from console import queues
from console.choices import choices_for
from console.drafts import Draft, draft_for
from console.frame import frame
from console.gate import agent_of, agents_only, visible_ticket
from console.timeline import timeline
from console.undo import undoable
from console.writing import later_choices
from people.models import User
from support.redis import client as redis
from tickets import reference
from tickets.models import Ticket

VIEWER_SECONDS = 45
LANGUAGES = dict(settings.LANGUAGES)


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
    shown = _list(request, slug)
    return render(request, "console/desk.html", {**frame(request, shown["view"].slug), **shown})


@agents_only()
@require_GET
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    shown = visible_ticket(request, number)
    return render_ticket(request, shown)


def render_ticket(
    request: HttpRequest, shown: Ticket, *, draft: Draft | None = None, status: int = 200
) -> HttpResponse:
    """The desk with one ticket open; ``draft`` is put back into the composer."""
    listed = _list(request, request.POST.get("view") or request.GET.get("view", "open"))
    context = {
        **frame(request, listed["view"].slug),
        **listed,
        **ticket_context(request, shown),
        "draft": draft or draft_for(request, shown),
        "undo": undoable(request, shown),
        "later": later_choices(),
    }
    return render(request, "console/desk.html", context, status=status)


def ticket_context(request: HttpRequest, shown: Ticket) -> dict[str, Any]:
    agent = agent_of(request)
    others = Ticket.objects.visible_to(agent).filter(requester_id=shown.requester_id)
    return {
        "agent": agent,
        "ticket": shown,
        "items": timeline(shown),
        "identities": shown.requester.identities.order_by("pk"),
        "others": others.exclude(pk=shown.pk).order_by("-pk")[:6],
        "mails": AutomaticMail.objects.filter(ticket=shown).select_related("delivery"),
        "choices": choices_for(shown),
        "language": LANGUAGES.get(shown.language, shown.language or "–"),
        "tags_text": ", ".join(sorted(tag.name for tag in shown.tags.all())),
    }


@agents_only()
@require_GET
def live(request: HttpRequest, number: str) -> HttpResponse:
    """The open ticket's timeline and facts as they are now, to patch into the page."""
    shown = visible_ticket(request, number)
    view = queues.VIEWS.get(request.GET.get("view", ""), queues.VIEWS["open"])
    context = {**ticket_context(request, shown), "view": view}
    return render(request, "console/live.html", context)


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
