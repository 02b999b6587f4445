"""The outbox hands each event to each of its handlers, many at a time.

A handler only writes to the database, and its writes commit together with the removal
of its entry: they happen exactly once. Slow work, such as sending mail, gets a row of
its own and is done from there.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from support.events import dispatch
from support.faults import fault_point
from support.models import OutboxEntry

logger = logging.getLogger(__name__)

BATCH = 200
#: Attempts before an entry is parked for an operator: with doubling waits, about a day.
MAX_ATTEMPTS = 12


@transaction.atomic
def drain_batch() -> int:
    """Work off up to ``BATCH`` due entries in one transaction; how many were taken up."""
    due = OutboxEntry.objects.due().select_related("event").order_by("pk")
    entries = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
    groups: defaultdict[tuple[str, str], list[OutboxEntry]] = defaultdict(list)
    for entry in entries:
        groups[entry.handler, entry.event.kind].append(entry)
    done = [entry.pk for group in groups.values() for entry in _work(group)]
    if done:
        OutboxEntry.objects.filter(pk__in=done).delete()
    fault_point("outbox.before_commit")
    return len(entries)


def _work(group: Sequence[OutboxEntry]) -> Sequence[OutboxEntry]:
    """Those of ``group`` whose handler succeeded."""
    try:
        with transaction.atomic():
            dispatch(group[0].handler, [entry.event for entry in group])
    except Exception as error:
        if connection.connection is None or connection.connection.closed:
            raise  # the database went away: nobody's fault
        if len(group) == 1:
            _postpone(group[0], error)
            return []
        return [entry for single in group for entry in _work([single])]
    return group


def _postpone(entry: OutboxEntry, error: Exception) -> None:
    logger.error(
        "%s failed on event %s", entry.handler, entry.event_id, exc_info=error, stack_info=False
    )
    entry.attempts += 1
    entry.error = f"{type(error).__name__}: {error}"[:2000]
    entry.due_at = timezone.now() + timedelta(seconds=min(2**entry.attempts, 3600))
    if entry.attempts >= MAX_ATTEMPTS:
        entry.parked_at = timezone.now()
    entry.save(update_fields=["attempts", "error", "due_at", "parked_at"])
