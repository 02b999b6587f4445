"""Who gets in: agents who are signed in; administrators for settings; nobody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers

from people.models import User
from people.permissions import may
from tickets import reference
from tickets.models import Ticket

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def agents_only(action: str = "tickets.work") -> Callable[[View[P]], View[P]]:
    """Let in who may do ``action``; send others to sign in, or away."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if not User.objects.exists():
                    return redirect("console:setup")
                return redirect_to_login(request.get_full_path())
            if not may(request.user, action):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return guarded  # type: ignore[return-value]  # _Wrapped loses the parameter's name

    return guard


def agent_of(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def visible_ticket(request: HttpRequest, number: str) -> Ticket:
    """The ticket, if this agent may see it; a 404 says nothing about those they may not."""
    normal = reference.normalise(number)
    found = Ticket.objects.by_reference(normal) if normal else None
    if found is None:
        raise Http404
    tickets = Ticket.objects.visible_to(agent_of(request))
    related = ("inbox", "requester", "team", "assignee", "category")
    ticket = tickets.select_related(*related).filter(pk=found.pk).first()
    if ticket is None:
        raise Http404
    return ticket
