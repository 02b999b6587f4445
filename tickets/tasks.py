from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tickets.operations import follow_up


@shared_task
def wake_follow_ups() -> None:
    """Beat runs this every 15 seconds."""
    while follow_up.wake_follow_ups(timezone.now()) == follow_up.BATCH:
        pass


@shared_task
def tend_pending() -> None:
    """Beat runs this every minute."""
    while max(follow_up.tend_pending(timezone.now())) == follow_up.BATCH:
        pass
