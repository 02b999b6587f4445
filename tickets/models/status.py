"""The life of a ticket: its statuses, and where each may lead."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    NEW = "new", _("New")  # nobody has looked at it yet
    OPEN = "open", _("Open")  # waiting for us
    PENDING = "pending", _("Pending")  # waiting for the requester
    ON_HOLD = "on_hold", _("On hold")  # waiting for somebody else
    SOLVED = "solved", _("Solved")  # answered; another message reopens it
    CLOSED = "closed", _("Closed")  # archived; another message opens a new ticket

    def may_become(self, other: Status) -> bool:
        return other in _NEXT[self]


DONE = frozenset({Status.SOLVED, Status.CLOSED})

_WORKING = frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD})
_NEXT = {
    Status.NEW: _WORKING | DONE,
    Status.OPEN: _WORKING | DONE,
    Status.PENDING: _WORKING | DONE,
    Status.ON_HOLD: _WORKING | DONE,
    Status.SOLVED: frozenset({Status.OPEN, Status.CLOSED}),
    Status.CLOSED: frozenset[Status](),
}


class Priority(models.TextChoices):
    LOW = "low", _("Low")
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")
