"""Opens the agents' live stream. Its events come from the relay; see support/stream.py."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from people.models import User
from people.permissions import audience_of, may
from support import stream

_sessions = import_module(settings.SESSION_ENGINE)


def authorise(cookies: dict[str, str]) -> frozenset[str] | None:
    """The audiences of the agent whose session this is. Raises ``PermissionError``."""
    request = HttpRequest()
    request.session = _sessions.SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    agent = get_user(request)
    if not isinstance(agent, User) or not may(agent, "tickets.work"):
        raise PermissionError("not signed in")
    return audience_of(agent)


stream.doors["/console/events"] = authorise
