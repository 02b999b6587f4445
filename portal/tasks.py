from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from portal.models import AccessRequest


@shared_task
def prune_access_requests() -> None:
    """Beat runs this every hour; a day is kept for the limits and for questions."""
    AccessRequest.objects.filter(asked_at__lt=timezone.now() - timedelta(days=1)).delete()
