from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from support import alarms, outbox, relay
from support.models import Heartbeat


@shared_task
def drain_outbox() -> None:
    """Rung by the relay; beat runs it too, every 5 seconds, for retries."""
    alarms.work_off("support.tasks.drain_outbox", outbox.drain_batch, full=outbox.BATCH)


@shared_task
def heartbeat() -> None:
    """A task that ran proves that beat, the broker and a worker are alive."""
    relay.beat("worker")


@shared_task
def prune() -> None:
    """Forget what nobody reads again."""
    Heartbeat.objects.filter(at__lt=timezone.now() - timedelta(days=7)).delete()
