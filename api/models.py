"""Tokens, files that wait to be used, and what was answered to a key."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from people.models import User


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> Self:
        """Neither revoked, nor past its time, nor an agent's who has left."""
        alive = Q(agent=None) | Q(agent__is_active=True)
        return self.filter(alive, revoked_at=None, expires_at__gt=timezone.now())


class ApiToken(models.Model):
    """A program's key to the API. Only a hash of it is kept; it is shown once."""

    PREFIX = "hbr_live_"

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    last4 = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=30))
    agent = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        related_name="api_tokens",
        help_text="Whom it acts as, and whose tickets it sees. None: the service, all tickets.",
    )
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(revoked_at=None), name="api_token_name_in_use_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.PREFIX}…{self.last4})"


class Upload(models.Model):
    """A file sent ahead of the message that will carry it. Gone once used, or after a day."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="uploads")
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return self.name


class IdempotentCall(models.Model):
    """A POST with an ``Idempotency-Key``: running under a lease, or answered."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    claim = models.UUIDField(default=uuid.uuid4, help_text="Whose turn it is to answer.")
    leased_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text="None: not answered yet.")
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="idempotent_call_made_once")
        ]

    def __str__(self) -> str:
        return f"call {self.key}"

    def is_abandoned(self, now: datetime) -> bool:
        """Its process died before it could answer."""
        return self.status is None and self.leased_until <= now
