"""Waking the workers: rows decide what is due, a task is only the alarm clock.

A statement trigger notifies the channel ``harbour`` with a table's name whenever rows
are inserted there; the relay turns that into one task per kind of work, never one per
row. What a lost wake-up leaves is found by beat's sweep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from support.redis import client

logger = logging.getLogger(__name__)

#: The table that was written to, and the task that works on it.
TASKS = {
    "support_outboxentry": "support.tasks.drain_outbox",
    "channels_receipt": "channels.tasks.file_receipts",
    "channels_delivery": "channels.tasks.send_deliveries",
}
#: How many workers a full batch may call to help, for each kind of work.
FAN_OUT = 8
_PENDING_MS = 3000


def ring(task: str) -> bool:
    """Send ``task`` unless one is on its way already. False when the broker is away."""
    try:
        if client().set(f"harbour:alarm:{task}", "1", nx=True, px=_PENDING_MS):
            current_app.send_task(task)
    except (RedisError, OperationalError, OSError) as error:
        logger.warning("the broker is away: %s", type(error).__name__)
        return False
    return True


def heard(task: str) -> None:
    """The task began: the next wake-up may be sent."""
    try:
        client().delete(f"harbour:alarm:{task}")
    except (RedisError, OSError):
        return


def work_off(task: str, work_batch: Callable[[], int], *, full: int) -> None:
    """Call ``work_batch`` until nothing is due; call a helper while batches are full.

    ``work_batch`` returns how many rows it took up. A run is bounded, so that a warm
    stop never waits long; what is left is due, and the alarm is rung again.
    """
    heard(task)
    for _ in range(50):
        taken = work_batch()
        if taken >= full:
            ring(task)
        if taken == 0:
            return
    ring(task)
