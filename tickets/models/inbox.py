from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Team


class Inbox(models.Model):
    """A place where customers reach us. How to connect to it is the channels' affair."""

    name = models.CharField(_("name"), max_length=80)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="inboxes")
    channel = models.CharField(max_length=20, default="email")
    reply_within = models.DurationField(
        _("reply within"),
        default=timedelta(hours=24),
        help_text=_("What the acknowledgement and the status page promise."),
    )
    reopen_within = models.DurationField(
        _("reopen within"),
        default=timedelta(days=14),
        help_text=_("A later message opens a new, linked ticket."),
    )
    nudge_after = models.DurationField(
        _("remind after"),
        default=timedelta(days=3),
        help_text=_("A ticket that waits for the customer this long: one reminder."),
    )
    solve_after = models.DurationField(
        _("solve after"),
        default=timedelta(days=4),
        help_text=_("How long after the reminder the ticket is solved."),
    )

    def __str__(self) -> str:
        return self.name
