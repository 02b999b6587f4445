"""Which of our mailboxes an address belongs to, asked of the database at most every few seconds."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, connection

from channels.mailboxes.addresses import addresses
from channels.threads import base_address

#: For how many seconds the list of mailboxes is trusted when it says no.
FRESH_FOR_NO = 1.0


class NoDatabase(Exception):
    """Whether the address is ours cannot be told now."""


class Directory:
    """The addresses of all active mailboxes. A whole list costs a stranger's guess nothing."""

    def __init__(self, fresh_seconds: float) -> None:
        self._fresh_seconds = fresh_seconds
        self._fresh_for_no = min(FRESH_FOR_NO, fresh_seconds)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="smtp-directory")
        self._accounts: dict[str, int] = {}
        self._read_at = float("-inf")
        self._failed_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, address: str) -> int | None:
        """The account that mail to ``address`` belongs to. Raises ``NoDatabase``."""
        await self._refresh(self._fresh_seconds)
        if (found := self._look_up(address)) is None:
            await self._refresh(self._fresh_for_no)
            found = self._look_up(address)
        return found

    def close(self) -> None:
        """Blocks until the thread has ended."""
        self._thread.submit(lambda: connection.close())
        self._thread.shutdown()

    def _look_up(self, address: str) -> int | None:
        exact = address.strip().lower()
        return self._accounts.get(exact, self._accounts.get(base_address(exact)))

    async def _refresh(self, age: float) -> None:
        async with self._lock:
            now = time.monotonic()
            if now - self._read_at < age:
                return
            if now - self._failed_at < self._fresh_for_no:
                raise NoDatabase
            loop = asyncio.get_running_loop()
            try:
                self._accounts = await loop.run_in_executor(self._thread, _read)
            except Error as error:
                self._failed_at = time.monotonic()
                raise NoDatabase from error
            self._read_at = time.monotonic()


def _read() -> dict[str, int]:
    try:
        return addresses()
    except Error:  # Postgres was restarted since we last asked: once more, connected anew
        connection.close()
        return addresses()
