"""Celery is the alarm clock: it decides when, the database decides what.

No task carries a row: each works off whatever is due, in batches. Every task may run
twice, or late, or not at all.
"""

from __future__ import annotations

from celery import shared_task

from channels import delivery, media, polling, receipts, retention
from support.alarms import heard, work_off


@shared_task
def file_receipts() -> None:
    """Understand and file what has come in."""
    work_off("channels.tasks.file_receipts", receipts.file_batch, full=receipts.BATCH)


@shared_task
def send_deliveries() -> None:
    """Send what is owed to customers."""
    work_off("channels.tasks.send_deliveries", delivery.send_batch, full=delivery.BATCH)


@shared_task
def complete_attachments() -> None:
    """Store the files that storage refused at first, and those that platforms keep for us."""
    heard(media.TASK)
    for receipt_id in media.owing():
        receipts.complete_attachments(receipt_id)


@shared_task
def forget_raw_mail() -> None:
    """Delete raw mails that their inboxes have kept long enough."""
    for _ in range(50):
        if not retention.forget_batch():
            return


@shared_task
def poll_channels() -> None:
    """Ask the platforms that do not call us."""
    polling.poll_due()
