"""Files that stay with a platform until we fetch them: soon, since links and files expire there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels.base import ChannelError
from channels.models import Account
from support import http
from support.alarms import ring
from tickets import files
from tickets.inbound import InboundFile, InboundMessage
from tickets.models import Attachment, Message

logger = logging.getLogger(__name__)

TASK = "channels.tasks.complete_attachments"
#: How long a platform is asked for a file; no platform of ours keeps one much longer.
PATIENCE = timedelta(days=3)


def fetch_soon(messages: Sequence[InboundMessage]) -> None:
    """Wake the worker once these are committed, if they refer to files elsewhere."""
    if any(file.source and not file.key for each in messages for file in each.files):
        transaction.on_commit(partial(ring, TASK))


def owing() -> list[int]:
    """Receipts of messages that lack a file, in no order: one that fails holds up nobody."""
    since = timezone.now() - PATIENCE
    kept_by_us = Q(channel__in=("email", "smtp", "lmtp", "imap", "anymail"))
    missing = Message.objects.filter(attachments__key="").exclude(receipt_id=None)
    missing = missing.filter(kept_by_us | Q(created_at__gt=since)).order_by("?")
    return [each for each in missing.values_list("receipt_id", flat=True)[:50] if each]


def fetch(account: Account, attachment: Attachment, file: InboundFile) -> bool:
    """Store the file that ``file.source`` refers to; False when it cannot be had now.

    The type and size are those of what came, whatever the platform said of it.
    """
    try:
        media = account.adapter.fetch(file.source)
        name = media.name if "." not in file.name and media.name else file.name
        found = files.describe(name, media.content)
        key = files.keep(media.content)
    except (OSError, ValueError, KeyError, http.Unreachable, http.Refused, ChannelError) as error:
        logger.warning("attachment %s is not there yet: %s", attachment.pk, type(error).__name__)
        return False
    stored = Attachment.objects.filter(pk=attachment.pk, key="").update(
        key=key,
        name=found.name[:200],
        content_type=found.content_type[:100],
        size=found.size,
        sha256=found.sha256,
    )
    if not stored:  # somebody else was quicker
        default_storage.delete(key)
    return True
