"""What goes out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.models.account import Account
from tickets.models import Message, Ticket


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self) -> Self:
        """Waiting past their time, or left behind by a worker whose lease ran out."""
        active = [Delivery.Status.QUEUED, Delivery.Status.SENDING]
        return self.filter(status__in=active, due_at__lte=timezone.now())


class Delivery(models.Model):
    """One message on its way to one address. ``due_at`` is a lease while it is sending."""

    LEASE = timedelta(minutes=5)

    class Stage(models.TextChoices):
        """How far a platform says that it got; never goes back."""

        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown")
        SUPPRESSED = "suppressed", _("not sent")
        HELD = "held", _("held")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    to = models.CharField(max_length=254)
    part = models.PositiveSmallIntegerField(default=0, db_default=0)
    lane = models.CharField(
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text="One after the other: the conversation, where a channel keeps an order.",
    )
    provider_id = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="The platform's own id."
    )
    stage = models.CharField(max_length=10, choices=Stage, blank=True, default="", db_default="")
    external_id = models.CharField(max_length=255, unique=True)
    payload: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        help_text="Subject, text, headers: what is sent, fixed when it was decided."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    was_handed_over = models.BooleanField(default=False, help_text="An answer may be missing.")
    blind_tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Tries of an automatic mail that ended unknown."
    )
    due_at = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["message", "to", "part"], name="reply_owed_once_per_address"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(status__in=["queued", "sending"]),
                name="delivery_due",
            ),
            models.Index(
                fields=["account", "id"], condition=Q(status="held"), name="delivery_held"
            ),
            models.Index(
                fields=["account", "lane", "id"],
                condition=~Q(lane="") & Q(status__in=["queued", "sending"]),
                name="delivery_lane",
            ),
            models.Index(
                fields=["account", "provider_id"],
                condition=~Q(provider_id=""),
                name="delivery_by_provider_id",
            ),
            models.Index(
                fields=["account", "created_at"],
                condition=Q(message=None),
                name="delivery_automatic_pace",
            ),
            models.Index(
                fields=["-id"],
                condition=Q(status__in=["failed", "unknown"]),
                name="delivery_stuck",
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} to {self.to}"

    @property
    def is_automatic(self) -> bool:
        return self.message_id is None


class AutomaticMail(models.Model):
    """Why a customer did, or did not, get a message that no agent wrote."""

    class Kind(models.TextChoices):
        ACKNOWLEDGEMENT = "acknowledgement", _("acknowledgement")
        NUDGE = "nudge", _("reminder")
        SOLVED = "solved", _("solved for silence")
        ACCESS_CODE = "access_code", _("access code")

    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="automatic_mails")
    kind = models.CharField(max_length=16, choices=Kind)
    occasion = models.CharField(max_length=60, help_text="Once per ticket, kind and occasion.")
    address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10, blank=True)
    delivery = models.OneToOneField(Delivery, models.SET_NULL, null=True, related_name="automatic")
    suppressed_by = models.CharField(max_length=60, blank=True, help_text="The rule; see docs.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "kind", "occasion"], name="automatic_mail_decided_once"
            )
        ]
        indexes = [
            models.Index(fields=["address", "-created_at"], name="automatic_mail_by_address"),
            models.Index(fields=["-id"], name="automatic_mail_log"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.ticket_id}"


class Template(models.Model):
    """The words of an automatic message; ``{{ reference }}`` and its like are filled in."""

    kind = models.CharField(max_length=16, choices=AutomaticMail.Kind)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "language"], name="template_per_language")
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.language})"
