"""The ticket: one request for help, from its first message to its last."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import Contact, Team, User
from tickets import reference
from tickets.exceptions import IllegalTransition, StaleTicket
from tickets.models.catalogue import Category, Tag
from tickets.models.inbox import Inbox
from tickets.models.status import DONE, Priority, Status

_UNSOLVED = ~Q(status__in=sorted(DONE))


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> Self:
        """What ``user`` may see. Every view and endpoint starts from here."""
        if user.sees_all_tickets:
            return self.all()
        mine = Q(assignee=user) | Q(team=None)
        return self.filter(mine | Q(team__in=list(user.teams.values_list("pk", flat=True))))

    def unsolved(self) -> Self:
        return self.filter(_UNSOLVED)

    def solved(self) -> Self:
        return self.filter(status=Status.SOLVED)

    def assigned_to(self, agent: User) -> Self:
        return self.filter(assignee=agent)

    def unassigned(self) -> Self:
        return self.filter(assignee=None)

    def latest_first(self) -> Self:
        """The queue's order, and the key its pages go on from: ``(active_at, pk)``."""
        return self.order_by("-active_at", "-pk")

    def longest_waiting_first(self) -> Self:
        return self.order_by(F("waiting_since").asc(nulls_last=True), "pk")

    def by_reference(self, number: str) -> Ticket | None:
        """The ticket that ``number`` (13 digits) leads to; merges are followed."""
        row = TicketReference.objects.filter(number=number).select_related("ticket").first()
        return row.ticket if row else None


class Ticket(models.Model):
    reference = models.CharField(max_length=13, unique=True, default=reference.new)
    inbox = models.ForeignKey(Inbox, models.PROTECT, related_name="tickets")
    requester = models.ForeignKey(Contact, models.PROTECT, related_name="tickets")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="tickets")
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, related_name="tickets")
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="tickets")
    tags = models.ManyToManyField(Tag, related_name="tickets", blank=True)
    subject = models.CharField(max_length=255)
    preview = models.CharField(max_length=160, blank=True, help_text="The last message's start.")
    status = models.CharField(max_length=10, choices=Status, default=Status.NEW)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    language = models.CharField(max_length=10, blank=True)
    thread = models.CharField(max_length=255, blank=True, help_text="The channel's own key.")
    continues = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="continued_by", db_index=False
    )
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="merged")
    waiting_since = models.DateTimeField(null=True, help_text="Oldest unanswered message.")
    pending_since = models.DateTimeField(null=True, help_text="Since when the customer's turn.")
    nudged_at = models.DateTimeField(null=True)
    follow_up_at = models.DateTimeField(null=True)
    follow_up_why = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    active_at = models.DateTimeField(db_default=Now(), help_text="Its place in the queue.")
    solved_at = models.DateTimeField(null=True)
    last_event_id = models.BigIntegerField(default=0, help_text="What a careful change saw.")

    objects = TicketQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="ticket_solved_at_matches_status",
                condition=Q(status__in=sorted(DONE)) ^ Q(solved_at=None),
            ),
            models.CheckConstraint(
                name="ticket_pending_since_matches_status",
                condition=Q(status=Status.PENDING) ^ Q(pending_since=None),
            ),
        ]
        indexes = [
            models.Index(fields=["-active_at", "-id"], name="queue_open", condition=_UNSOLVED),
            models.Index(
                fields=["-active_at", "-id"],
                name="queue_unassigned",
                condition=_UNSOLVED & Q(assignee=None),
            ),
            models.Index(
                fields=["assignee", "-active_at", "-id"], name="queue_mine", condition=_UNSOLVED
            ),
            models.Index(
                fields=["team", "-active_at", "-id"], name="queue_team", condition=_UNSOLVED
            ),
            models.Index(fields=["-active_at", "-id"], name="queue_all"),
            models.Index(
                fields=["-active_at", "-id"], name="queue_solved", condition=Q(status=Status.SOLVED)
            ),
            models.Index(fields=["requester", "-id"], name="tickets_of_requester"),
            models.Index(
                fields=["follow_up_at"],
                name="follow_ups_due",
                condition=Q(follow_up_at__isnull=False),
            ),
            models.Index(
                fields=["pending_since"], name="pending_silent", condition=Q(status=Status.PENDING)
            ),
            models.Index(
                fields=["inbox", "thread"], name="tickets_by_thread", condition=~Q(thread="")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    @property
    def number(self) -> str:
        """The reference as people read it: ``4829-1373-0456-7``."""
        return reference.display(self.reference)

    @property
    def is_done(self) -> bool:
        return self.status in DONE

    @property
    def reply_due_at(self) -> datetime | None:
        """When the customer was promised the next answer; None if nobody waits for us."""
        if self.waiting_since is None or self.is_done:
            return None
        return self.waiting_since + self.inbox.reply_within

    @property
    def audience(self) -> list[str]:
        """Who may hear of it live; mirrors ``visible_to``."""
        who = [f"team:{self.team_id}" if self.team_id else "all"]
        return [*who, f"user:{self.assignee_id}"] if self.assignee_id else who

    def require_unchanged(self, seen: int | None) -> None:
        """Refuse a change by somebody who has not seen the ticket's last event.

        None skips the guard: for changes that cannot trample on another's.
        """
        if seen is not None and seen < self.last_event_id:
            raise StaleTicket(_("This ticket changed while you were looking at it."))

    def move_to(self, status: Status) -> None:
        """Take on ``status`` in memory, or refuse. The caller saves ``STATUS_FIELDS``."""
        if not Status(self.status).may_become(status):
            raise IllegalTransition(
                _("A ticket cannot go from “%(old)s” to “%(new)s”.")
                % {"old": Status(self.status).label, "new": status.label}
            )
        now = timezone.now()
        self.status = status
        self.pending_since = now if status == Status.PENDING else None
        self.nudged_at = None
        if status in DONE:
            self.solved_at = self.solved_at or now
            self.waiting_since = None
        else:
            self.solved_at = None


#: What ``move_to`` may change.
STATUS_FIELDS = ("status", "pending_since", "nudged_at", "solved_at", "waiting_since")


class TicketReference(models.Model):
    """Every number a customer was ever given; a merged ticket's lead to the survivor."""

    number = models.CharField(max_length=13, primary_key=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="references")

    def __str__(self) -> str:
        return reference.display(self.number)


class Participant(models.Model):
    """Somebody besides the requester who takes part, by address."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "contact"], name="participant_named_once")
        ]

    def __str__(self) -> str:
        return f"{self.contact} on {self.ticket}"
