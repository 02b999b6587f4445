"""The relay: hears of new rows by LISTEN, wakes workers, and feeds the live streams.

Events are published to Redis in commit order. Ids are drawn before commit and may
commit out of order, so the feed goes on by the writing transaction and stops short of
the oldest one still running (``pg_snapshot_xmin``). Any number of relays may run: one
holds the advisory lock and feeds, the others wait for its place.
"""

from __future__ import annotations

import json
import logging
import select
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection
from django.utils import timezone
from redis.exceptions import RedisError

from support import alarms
from support.models import Heartbeat
from support.redis import client

logger = logging.getLogger(__name__)

CHANNEL = "harbour:events"
POLL_SECONDS = 1.0
_LOCK = 4_829_137
_FEED = """
    select id, kind, topic, audience, actor_id, transaction from support_event
    where (transaction, id) > (%s, %s)
      and transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    order by transaction, id limit 500
"""
_START = "select coalesce(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 0)"


class Feed:
    """Publishes committed events, in order, from the moment it starts."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_START)
            self.place: tuple[int, int] = (cursor.fetchone()[0] - 1, 2**62)

    def pump(self) -> int:
        """Publish what has been committed since. Returns how many."""
        with connection.cursor() as cursor:
            cursor.execute(_FEED, self.place)
            rows = cursor.fetchall()
        if rows:
            pipe = client().pipeline(transaction=False)
            for row in rows:
                pipe.publish(CHANNEL, _frame(row))
            pipe.execute()
            self.place = (rows[-1][5], rows[-1][0])
        return len(rows)


def _frame(row: tuple[Any, ...]) -> str:
    keys = ("id", "kind", "topic", "audience", "actor_id")
    return json.dumps(dict(zip(keys, row, strict=False)), separators=(",", ":"))


def run(stop: Callable[[], bool]) -> None:
    """Relay until ``stop()``. Survives restarts of Postgres and of Redis."""
    while not stop():
        try:
            _session(stop)
        except (OperationalError, RedisError, OSError) as error:
            logger.warning("relay lost its session, again in a second: %s", error)
            connection.close()
            time.sleep(1)


def _session(stop: Callable[[], bool]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("listen harbour")
        cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK])
        leads = bool(cursor.fetchone()[0])
    feed = Feed() if leads else None
    heard = set(alarms.TASKS)
    beaten = 0.0
    while not stop():
        for table in heard & set(alarms.TASKS):
            alarms.ring(alarms.TASKS[table])
        while feed is not None and feed.pump():
            pass
        if time.monotonic() - beaten > 10:
            beaten = time.monotonic()
            beat("relay")
            if not leads:
                return
        heard = _listen(POLL_SECONDS)


def _listen(seconds: float) -> set[str]:
    """The tables written to, heard within ``seconds``."""
    raw = connection.connection
    select.select([raw], [], [], seconds)
    raw.poll()
    heard = {notice.payload for notice in raw.notifies}
    raw.notifies.clear()
    return heard


def beat(name: str) -> None:
    """Say that this kind of process is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def is_alive(name: str, *, within: timedelta = timedelta(minutes=1)) -> bool:
    return Heartbeat.objects.filter(name=name, at__gte=timezone.now() - within).exists()
