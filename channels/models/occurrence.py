"""What a platform told besides messages."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from channels.models.account import Account


class Occurrence(models.Model):
    """One happening (``channels.happenings``), told once: ``external_id`` refuses repetitions.

    ``applied_at`` is empty while what it is about has not been seen: a platform may report a
    message as read before our own call to send it has returned.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="occurrences", db_index=False)
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=20)
    thread = models.CharField(max_length=255, blank=True)
    about = models.CharField(max_length=255, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    at = models.DateTimeField()
    heard_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="occurrence_told_once")
        ]
        indexes = [
            models.Index(
                fields=["account", "about"],
                condition=Q(applied_at=None) & ~Q(about=""),
                name="occurrence_waiting",
            ),
            models.Index(fields=["account", "kind", "-id"], name="occurrence_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
