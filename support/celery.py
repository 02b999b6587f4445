"""The Celery app and the whole beat schedule, on one screen."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support.settings")

app = Celery("support")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

#: Wake-ups are sent on commit by the relay; these find what a lost wake-up left.
app.conf.beat_schedule = {
    "drain the outbox": {"task": "support.tasks.drain_outbox", "schedule": 5.0},
    "file receipts": {"task": "channels.tasks.file_receipts", "schedule": 5.0},
    "send deliveries": {"task": "channels.tasks.send_deliveries", "schedule": 5.0},
    "wake follow-ups": {"task": "tickets.tasks.wake_follow_ups", "schedule": 15.0},
    "nudge and solve the silent": {"task": "tickets.tasks.tend_pending", "schedule": 60.0},
    "poll channels": {"task": "channels.tasks.poll_channels", "schedule": 15.0},
    "complete attachments": {"task": "channels.tasks.complete_attachments", "schedule": 60.0},
    "forget raw mail": {"task": "channels.tasks.forget_raw_mail", "schedule": 3600.0},
    "prune": {"task": "support.tasks.prune", "schedule": 3600.0},
    "prune the API": {"task": "api.tasks.prune", "schedule": 3600.0},
    "prune the portal": {"task": "portal.tasks.prune_access_requests", "schedule": 3600.0},
    "heartbeat": {"task": "support.tasks.heartbeat", "schedule": 10.0},
}
