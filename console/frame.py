"""What surrounds every page of the console: the links on the left, with their counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels import breaker, suspended
from channels.mailboxes.health import needing_sign_in
from console import queues
from console.gate import agent_of
from people.models import User
from people.permissions import may
from support import stream


@dataclass(frozen=True, kw_only=True)
class Link:
    """One line of the rail; ``key`` goes there after G."""

    place: str
    label: str | Promise
    address: str
    icon: str
    key: str = ""
    count: str = ""


_LOG = (
    ("follow_ups", _("Follow-ups"), "clock"),
    ("mails", _("Automatic mail"), "mail"),
)
_SETTINGS = (
    ("mailboxes", _("Mailboxes"), "inbox"),
    ("channels", _("Channels"), "web"),
    ("inboxes", _("Inboxes"), "gear"),
    ("templates", _("Templates"), "zap"),
    ("suspended", _("Suspended mail"), "lock"),
    ("quarantine", _("Quarantine"), "box"),
)


def frame(request: HttpRequest, place: str) -> dict[str, Any]:
    """The context of the frame; ``place`` is the page we are on."""
    agent = agent_of(request)
    is_admin = may(agent, "settings.edit")
    return {
        "agent": agent,
        "place": place,
        "since": stream.latest(),
        "links": [*_views(agent), *_links(_LOG)],
        "settings_links": _settings_links() if is_admin else [],
        "breakers": breaker.overview() if is_admin else [],
    }


def _views(agent: User) -> list[Link]:
    return [
        Link(
            place=view.slug,
            label=view.label,
            address=reverse("console:view", args=[view.slug]),
            icon=view.icon,
            key=view.key,
            count=queues.counted(queues.tickets_in(view, agent)) if view.is_counted else "",
        )
        for view in queues.VIEWS.values()
    ]


def _settings_links() -> list[Link]:
    """With how many mailboxes want somebody to sign in, and how many mails a decision."""
    counts = {"mailboxes": needing_sign_in(), "suspended": suspended.count()}
    most = suspended.MOST_COUNTED
    return [
        replace(link, count=f"{min(n, most)}{'+' * (n > most)}")
        if (n := counts.get(link.place, 0))
        else link
        for link in _links(_SETTINGS)
    ]


def _links(rows: tuple[tuple[str, str | Promise, str], ...]) -> list[Link]:
    return [
        Link(place=name, label=label, address=reverse(f"console:{name}"), icon=icon)
        for name, label, icon in rows
    ]
