"""What an agent does to a ticket. Each action is a plain POST that works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels.delivery import send_again
from console import replying, writing
from console.desk import render_ticket
from console.drafts import draft_again
from console.gate import agent_of, agents_only, visible_ticket
from console.writing import Done
from people.models import Team, User
from tickets import reference
from tickets.exceptions import StaleTicket, TicketError
from tickets.models import Category, Priority, Status, Ticket
from tickets.operations import follow_up, lifecycle, triage


@agents_only()
@require_POST
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Do one action; a change by others in between is shown and asked about first."""
    ticket = visible_ticket(request, number)
    operation = ACTIONS.get(action)
    if operation is None:
        return HttpResponse(status=404)
    try:
        done = operation(request, ticket)
    except StaleTicket:
        return _stale(request, ticket, action)
    except TicketError as error:
        return _refused(request, ticket, action, str(error), 422)
    except ValueError:
        return _refused(request, ticket, action, _("That did not work."), 422)
    except OSError:
        told = _("Files cannot be stored at the moment. Nothing was sent.")
        return _refused(request, ticket, action, told, 503)
    done = Done(done) if isinstance(done, str) else done
    if done.told:
        messages.success(request, done.told)
    return _back(request, ticket, done.query)


def _stale(request: HttpRequest, ticket: Ticket, action: str) -> HttpResponse:
    messages.warning(
        request,
        _("Something happened here while you were writing. Please look again; your text is kept."),
    )
    return _shown_again(request, ticket, action, 409)


def _refused(
    request: HttpRequest, ticket: Ticket, action: str, why: str, status: int
) -> HttpResponse:
    messages.error(request, why)
    return _shown_again(request, ticket, action, status)


def _shown_again(request: HttpRequest, ticket: Ticket, action: str, status: int) -> HttpResponse:
    """The ticket as it is now, with what the agent had written."""
    fresh = visible_ticket(request, ticket.reference)
    return render_ticket(request, fresh, draft=draft_again(request, fresh, action), status=status)


def _back(request: HttpRequest, ticket: Ticket, query: dict[str, str]) -> HttpResponse:
    place = request.POST.get("next", "")
    if place and url_has_allowed_host_and_scheme(place, {request.get_host()}):
        return redirect(place)
    where = reverse("console:ticket", args=[ticket.reference])
    view = request.POST.get("view", "")
    query = {"view": view, **query} if view.isalpha() else query
    return redirect(f"{where}?{urlencode(query)}" if query else where)


def _assign(request: HttpRequest, ticket: Ticket) -> str:
    chosen = request.POST.get("agent", "")
    agent = get_object_or_404(User, pk=int(chosen), is_active=True) if chosen else None
    triage.assign(ticket, agent, actor=agent_of(request))
    return ""


def _take(request: HttpRequest, ticket: Ticket) -> str:
    triage.assign(ticket, agent_of(request), actor=agent_of(request))
    return ""


def _status(request: HttpRequest, ticket: Ticket) -> str:
    status = Status(request.POST.get("status", ""))
    lifecycle.set_status(ticket, status, actor=agent_of(request), seen=writing.seen(request))
    return ""


def _priority(request: HttpRequest, ticket: Ticket) -> str:
    priority = Priority(request.POST.get("priority", ""))
    triage.set_priority(ticket, priority, actor=agent_of(request))
    return ""


def _tags(request: HttpRequest, ticket: Ticket) -> str:
    names = request.POST.get("tags", "").replace("，", ",").split(",")
    triage.set_tags(ticket, names, actor=agent_of(request))
    return ""


def _team(request: HttpRequest, ticket: Ticket) -> str:
    chosen = request.POST.get("team", "")
    team = get_object_or_404(Team, pk=int(chosen)) if chosen else None
    triage.move_to_team(ticket, team, actor=agent_of(request))
    return ""


def _category(request: HttpRequest, ticket: Ticket) -> str:
    category = Category.objects.filter(slug=request.POST.get("category", "")).first()
    triage.set_category(ticket, category, actor=agent_of(request))
    return ""


def _follow_up(request: HttpRequest, ticket: Ticket) -> str:
    chosen, why = request.POST.get("when", ""), request.POST.get("why", "")
    hours = {"1h": 1, "4h": 4, "1d": 24, "3d": 72, "7d": 168}
    if chosen in hours:
        at = timezone.now() + timedelta(hours=hours[chosen])
    elif chosen:
        at = datetime.fromisoformat(chosen).replace(tzinfo=UTC)
    else:
        follow_up.set_follow_up(ticket, None, actor=agent_of(request))
        return ""
    follow_up.set_follow_up(ticket, at, why=why, actor=agent_of(request))
    return _("This ticket comes back by itself.")


def _merge(request: HttpRequest, ticket: Ticket) -> str:
    normal = reference.normalise(request.POST.get("into", ""))
    if normal is None:
        raise TicketError(_("This is not a ticket number."))
    into = visible_ticket(request, normal)
    lifecycle.merge(ticket, into, actor=agent_of(request))
    return _("Merged into %(number)s.") % {"number": into.number}


def _resend(request: HttpRequest, ticket: Ticket) -> str:
    delivery = int(request.POST.get("delivery", "0"))
    if not ticket.messages.filter(deliveries=delivery).exists():
        raise TicketError(_("There is no such message."))
    send_again(delivery)
    return _("It is sent again.")


ACTIONS: dict[str, Callable[[HttpRequest, Ticket], str | Done]] = {
    "reply": replying.send,
    "note": replying.note,
    "forward": replying.forward,
    "aside": replying.answer_aside,
    "withdraw": replying.withdraw,
    "send-now": replying.send_now,
    "assign": _assign,
    "take": _take,
    "status": _status,
    "priority": _priority,
    "tags": _tags,
    "team": _team,
    "category": _category,
    "follow-up": _follow_up,
    "merge": _merge,
    "resend": _resend,
}
