"""One thread that commits what all conversations wait for, many mails at a time.

A commit waits for the disk, and while it waits the next mails queue up: writing all of
them in one transaction makes one wait of many. Each sender still hears 250 only after its
own row is committed, and a lone mail waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from channels.models import Receipt
from support.faults import fault_point

logger = logging.getLogger(__name__)

BATCH_MAILS = 100
BATCH_BYTES = 8 * 1024 * 1024
_GONE = (OperationalError, InterfaceError)


class NotStored(Exception):
    """The mail is not committed; its sender must try again."""


@dataclass(frozen=True)
class _Waiting:
    rows: Sequence[Receipt]
    size: int
    answer: asyncio.Future[None]


class Writer:
    """Commits receipts for the conversations of one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._is_open = True
        self._thread = Thread(target=self._run, name="smtp-writer", daemon=True)
        self._thread.start()

    async def store(self, rows: Sequence[Receipt], *, timeout: float) -> None:
        """Return once ``rows`` are committed. Raises ``NotStored``."""
        answer: asyncio.Future[None] = self._loop.create_future()
        size = sum(len(row.body) for row in rows)
        self._queue.put(_Waiting(rows, size, answer))
        try:
            await asyncio.wait_for(answer, timeout)
        except TimeoutError as error:
            raise NotStored("the database did not answer in time") from error

    def close(self, timeout: float) -> None:
        """Commit what is queued, then end."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while self._is_open:
            batch = self._gather()
            if batch:
                self._commit(batch)
        connection.close()

    def _gather(self) -> list[_Waiting]:
        """Wait for a mail, and take along whatever else is already there."""
        batch: list[_Waiting] = []
        try:
            waiting = self._queue.get()
            while waiting is not None:
                batch.append(waiting)
                total = sum(each.size for each in batch)
                if len(batch) >= BATCH_MAILS or total >= BATCH_BYTES:
                    return batch
                waiting = self._queue.get_nowait()
        except Empty:
            return batch
        self._is_open = False
        return batch

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        error: Exception | None = None
        try:
            _insert(batch)
        except Exception as failure:  # noqa: BLE001 - whatever happens, senders get an answer
            error = failure
        if isinstance(error, DatabaseError) and not isinstance(error, _GONE) and len(batch) > 1:
            for alone in batch:
                self._commit([alone])
            return
        if error is not None:
            logger.error("%d mails not stored: %s: %s", len(batch), type(error).__name__, error)
        self._loop.call_soon_threadsafe(_answer, batch, error)


def _insert(batch: Sequence[_Waiting]) -> None:
    rows = [row for waiting in batch for row in waiting.rows]
    try:
        _commit_rows(rows)
    except _GONE:  # Postgres was restarted since the last mail: once more, connected anew
        connection.close()
        _commit_rows(rows)


def _commit_rows(rows: Sequence[Receipt]) -> None:
    try:
        with transaction.atomic():
            Receipt.objects.bulk_create(rows)
            fault_point("smtpd.before_commit")
        fault_point("smtpd.after_commit")
    except _GONE:
        connection.close()
        raise


def _answer(batch: Sequence[_Waiting], error: Exception | None) -> None:
    for waiting in batch:
        if waiting.answer.done():  # its client hung up
            continue
        if error is None:
            waiting.answer.set_result(None)
        else:
            waiting.answer.set_exception(NotStored(str(error)))
