"""Webhook calls whose signed time is long past: counted, and taken all the same.

WeChat and Weibo repeat a call with the time of the first try, so that an old time proves nothing;
many of them may. What was told before is known by its id.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import cast

from redis import RedisError

from support.redis import client

logger = logging.getLogger(__name__)

OLD_SECONDS = 300
_KEY = "stale-calls"


def note(kind: str, timestamp: str, at: datetime) -> None:
    """Count a call of more than five minutes ago; ``timestamp`` is in seconds, or thousandths."""
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 13:
        return
    told = int(timestamp) / (1000 if len(timestamp) == 13 else 1)
    if abs(at.timestamp() - told) <= OLD_SECONDS:
        return
    logger.info("a call of %s bears a time %d s away", kind, at.timestamp() - told)
    try:
        client().hincrby(_KEY, kind, 1)
    except RedisError:
        logger.warning("an old call of %s was not counted", kind)


def counts() -> dict[str, int]:
    """How many there were of each kind of channel."""
    try:
        rows = cast("dict[bytes, bytes]", client().hgetall(_KEY))
    except RedisError:
        return {}
    return {kind.decode(): int(number) for kind, number in rows.items()}
