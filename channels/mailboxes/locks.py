"""One connection per mailbox, whatever runs: a session lock of Postgres on the account.

Held by the database session of the thread that took it, and by nothing else: when that
session ends, the lock is free.
"""

from __future__ import annotations

from django.db import connection

_SPACE = 4_829_138  # beside the relay's lock


def take(account_id: int) -> bool:
    """False when somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [_SPACE, account_id])
        return bool(cursor.fetchone()[0])


def release(account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_unlock(%s, %s)", [_SPACE, account_id])
