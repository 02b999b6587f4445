from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Team


class Inbox(models.Model):
    """A place where customers reach us. How to connect to it is the channels' affair."""

    class LateReply(models.TextChoices):
        """What a customer's message to a solved ticket does."""

        WITHIN = "within", _("reopens it within a time, then opens a new ticket")
        REOPEN = "reopen", _("always reopens it")
        NEW = "new", _("always opens a new ticket")

    name = models.CharField(_("name"), max_length=80)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="inboxes")
    channel = models.CharField(max_length=20, default="email")
    reply_within = models.DurationField(
        _("reply within"),
        default=timedelta(hours=24),
        help_text=_("What the acknowledgement and the status page promise."),
    )
    late_reply = models.CharField(
        _("an answer to a solved ticket"),
        max_length=6,
        choices=LateReply,
        default=LateReply.WITHIN,
        db_default=LateReply.WITHIN,
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

    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: the customer's own."),
    )
    from_name = models.CharField(
        _("sender's name"),
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text=_("What customers see; {agent}, {team} and {company} are filled in."),
    )
    signature = models.TextField(
        _("signature"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Under every reply; {agent} is filled in."),
    )
    quotes_history = models.BooleanField(
        _("quote the last message under a reply"), default=True, db_default=True
    )
    keep_raw_for = models.DurationField(
        _("keep raw mail for"),
        default=timedelta(days=90),
        db_default=timedelta(days=90),
        help_text=_("Originals are deleted after it; messages stay."),
    )

    def __str__(self) -> str:
        return self.name
