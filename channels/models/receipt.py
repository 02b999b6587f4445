"""What came in, and who may not come in."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.models.account import Account
from people.models import User
from tickets.models import Message


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def due(self) -> Self:
        return self.filter(status=Receipt.Status.WAITING, due_at__lte=timezone.now())

    def quarantined(self) -> Self:
        return self.filter(status=Receipt.Status.QUARANTINED)


class Receipt(models.Model):
    """A raw mail or webhook call exactly as it came; says what became of it."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        FILED = "filed", _("filed")
        DUPLICATE = "duplicate", _("duplicate")
        IGNORED = "ignored", _("not filed")
        QUARANTINED = "quarantined", _("quarantined")
        SUSPENDED = "suspended", _("suspended")
        WATCHED = "watched", _("watched")
        DISCARDED = "discarded", _("discarded")

    class Cause(models.TextChoices):
        """Why a mail is suspended: understood, and kept from the queue until somebody decides."""

        LOOP = "loop", _("a loop")
        UNVERIFIED = "unverified", _("sender not genuine")
        SENDER_LIMIT = "sender_limit", _("over the sender's limit")
        TOO_LARGE = "too_large", _("too large")
        UNREADABLE = "unreadable", _("unreadable")
        BLOCKED = "blocked", _("blocked sender")
        SPAM = "spam", _("spam")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="receipts", db_index=False
    )
    body = models.BinaryField()
    meta = models.JSONField(default=dict)
    provider_key = models.CharField(max_length=255, null=True, help_text="Refuses replays.")
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    cause = models.CharField(max_length=12, choices=Cause, blank=True, default="", db_default="")
    sender = models.CharField(
        max_length=254, blank=True, default="", db_default="", help_text="Of suspended and watched."
    )
    subject = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="Of suspended and watched."
    )
    plan: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="What an operator decided, or what watching says would happen.",
    )
    error = models.TextField(blank=True)
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "provider_key"], name="provider_call_taken_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(status="waiting"), name="receipt_due"
            ),
            models.Index(
                fields=["-id"], condition=Q(status="quarantined"), name="receipt_quarantined"
            ),
            models.Index(fields=["-id"], condition=Q(status="suspended"), name="receipt_suspended"),
            models.Index(
                fields=["account", "-id"], condition=Q(status="watched"), name="receipt_watched"
            ),
            models.Index(
                fields=["account", "received_at"],
                condition=~Q(body=b""),
                name="receipt_raw_age",
            ),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"


class BlockedSender(models.Model):
    """``ann@example.org``, or ``@example.org`` for everybody there: their mail is suspended."""

    value = models.CharField(max_length=254, unique=True, help_text="Lower case.")
    blocked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    blocked_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.value
