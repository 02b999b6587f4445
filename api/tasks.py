from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from api import idempotency, uploads


@shared_task
def prune() -> None:
    """Beat runs this every hour."""
    idempotency.prune(timezone.now())
    uploads.prune(timezone.now())
