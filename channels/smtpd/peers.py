"""Who is connected, how often, and how much each has sent lately."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from support import ratelimit

_MINUTE = 60.0
#: A peer's mails are told to the limiter that all mail doors share in steps of this many:
#: one asks the network a tenth as often, and a peer with few mails never.
_STEP = 10


class Peers:
    """Counts connections and mails of each peer address."""

    def __init__(self, *, connections: int, connections_in_all: int, mails_a_minute: int) -> None:
        self._limit = connections
        self._limit_in_all = connections_in_all
        self._rate = mails_a_minute
        self._connected: Counter[str] = Counter()
        self._mails: Counter[str] = Counter()
        self._minute_began = time.monotonic()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="smtp-limits")

    def admit(self, peer: str) -> bool:
        """Count a connection in, unless there are too many."""
        if self._connected[peer] >= self._limit:
            return False
        if self._connected.total() >= self._limit_in_all:
            return False
        self._connected[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        self._connected[peer] -= 1
        if not self._connected[peer]:
            del self._connected[peer]

    async def may_send(self, peer: str) -> bool:
        """Count a mail, unless this peer has sent its share of this minute."""
        now = time.monotonic()
        if now - self._minute_began >= _MINUTE:
            self._mails.clear()
            self._minute_began = now
        if self._mails[peer] >= self._rate:
            return False
        self._mails[peer] += 1
        if self._mails[peer] % _STEP:
            return True
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._shared, peer)

    def close(self) -> None:
        """Blocks until the thread has ended."""
        self._thread.shutdown(cancel_futures=True)

    def _shared(self, peer: str) -> bool:
        window = timedelta(seconds=_MINUTE)
        return ratelimit.hit(f"smtp:{peer}", limit=self._rate, window=window, cost=_STEP).allowed
