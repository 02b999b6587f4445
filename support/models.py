from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now
from django.utils import timezone


class CurrentTransaction(Func):
    """The 64-bit id of the writing transaction; orders events by commit (see stream.py)."""

    function = "pg_current_xact_id"
    template = "(%(function)s()::text::bigint)"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """One thing that happened: the timeline, the audit log and the webhook feed."""

    kind = models.CharField(max_length=50)
    topic = models.CharField(max_length=50)
    payload = models.JSONField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    audience = ArrayField(models.CharField(max_length=40), default=list)
    transaction = models.BigIntegerField(db_default=CurrentTransaction())
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["topic", "id"], name="event_timeline"),
            models.Index(fields=["transaction", "id"], name="event_feed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.topic}"


class OutboxQuerySet(models.QuerySet["OutboxEntry"]):
    def due(self) -> Self:
        return self.filter(parked_at=None, due_at__lte=timezone.now())

    def parked(self) -> Self:
        """Given up: an operator decides (``manage quarantine``)."""
        return self.exclude(parked_at=None)


class OutboxEntry(models.Model):
    """Work one handler still owes one event. Deleted when done."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="owed")
    handler = models.CharField(max_length=100)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True)
    parked_at = models.DateTimeField(null=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="handler_owes_event_once")
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(parked_at=None), name="outbox_due")
        ]

    def __str__(self) -> str:
        return f"{self.handler} owes event {self.event_id}"


class Heartbeat(models.Model):
    """When each kind of process was last seen alive. Read by ``doctor`` and ``/readyz``."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
