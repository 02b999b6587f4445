from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import Contact, User
from tickets.models.inbox import Inbox
from tickets.models.ticket import Ticket


class SideThread(models.Model):
    """A talk with somebody else about a ticket: its messages stay between them and us."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="side_threads")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="side_threads")
    subject = models.CharField(max_length=255)
    begun_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.subject} ({self.contact})"


class MessageQuerySet(models.QuerySet["Message"]):
    def public(self) -> Self:
        """What was said between the customer's side and us, and nothing else: no note, no side
        thread, nothing that was taken back or still waits to be sent."""
        between = (Message.Direction.INBOUND, Message.Direction.OUTBOUND)
        return self.filter(
            direction__in=between, side_thread=None, withdrawn_at=None, then_status=""
        )

    def taken_back(self) -> Self:
        """Replies that were never sent."""
        return self.filter(withdrawn_at__isnull=False, side_thread=None)

    def for_customers(self) -> Self:
        """What the customer's side may read: no stranger's mail, nor what may yet be undone."""
        settled = timezone.now() - timedelta(seconds=settings.HARBOUR_UNDO_SECONDS)
        is_final = ~Q(direction=Message.Direction.OUTBOUND) | Q(created_at__lte=settled)
        shown = self.public().exclude(author=Message.Author.STRANGER)
        return shown.filter(is_final | Q(sent_at__isnull=False))


class Message(models.Model):
    class Direction(models.TextChoices):
        INBOUND = "inbound", _("received")
        OUTBOUND = "outbound", _("sent")
        NOTE = "note", _("internal note")

    class Author(models.TextChoices):
        """Who an inbound message is from, in relation to the ticket."""

        REQUESTER = "requester"
        PARTICIPANT = "participant"
        STRANGER = "stranger"  # knew the thread, is not on it: shown with a warning

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages", db_index=False)
    inbox = models.ForeignKey(Inbox, models.PROTECT, related_name="messages", db_index=False)
    direction = models.CharField(max_length=10, choices=Direction)
    author = models.CharField(max_length=12, choices=Author, default=Author.REQUESTER)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="messages")
    agent = models.ForeignKey(User, models.PROTECT, null=True, related_name="messages")
    channel = models.CharField(max_length=20, blank=True)
    text = models.TextField()
    quoted = models.TextField(blank=True, help_text="What it quotes, folded and never cut.")
    html = models.TextField(blank=True, help_text="As it came; cleaned whenever shown.")
    external_id = models.CharField(max_length=255, blank=True)
    side_thread = models.ForeignKey(
        SideThread, models.CASCADE, null=True, related_name="messages", help_text="Never public."
    )
    addressing: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="to, cc, bcc: lists of [name, address]; reply_to: where it asked answers to.",
    )
    fingerprint = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Tells another message under the same id.",
    )
    is_automatic = models.BooleanField(default=False)
    is_verified = models.BooleanField(default=False)
    receipt_id = models.BigIntegerField(null=True)
    failure = models.CharField(max_length=300, blank=True, help_text="Why it did not go out.")
    edits: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="What it said before its sender changed it: at and text, the oldest first.",
    )
    erased_at = models.DateTimeField(null=True, help_text="When its sender took it back.")
    is_public = models.BooleanField(default=False, db_default=False)
    reactions: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), help_text="By whom: emoji."
    )
    send_at = models.DateTimeField(null=True, help_text="A reply that waits until then.")
    then_status = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="What the ticket becomes once a waiting reply is sent.",
    )
    unless_answered = models.BooleanField(
        default=False,
        db_default=False,
        help_text="A waiting reply that is taken back when the customer writes first.",
    )
    withdrawn_at = models.DateTimeField(null=True, help_text="Taken back before it went out.")
    sent_at = models.DateTimeField(null=True, help_text="The sender's clock, or our delivery.")
    created_at = models.DateTimeField(db_default=Now())

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="message_filed_once_per_inbox",
                fields=["inbox", "external_id"],
                condition=~Q(external_id=""),
            )
        ]
        indexes = [models.Index(fields=["ticket", "id"], name="message_thread")]

    def __str__(self) -> str:
        return f"{self.direction} {self.pk}"

    @property
    def is_waiting(self) -> bool:
        """A reply for later, neither sent nor taken back."""
        return bool(self.then_status) and self.withdrawn_at is None


class Attachment(models.Model):
    """A file of a message; its bytes are in storage under ``key``, a random name."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    key = models.CharField(max_length=120, blank=True, help_text="Empty: still to be stored.")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=255, blank=True)
    is_inline = models.BooleanField(default=False)
    part = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["id"], name="attachment_unstored", condition=Q(key=""))]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """A kind that is safe to show in a page."""
        return self.content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}
