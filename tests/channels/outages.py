"""A database that goes away under running processes, as in a restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_TERMINATE = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = %s and pid <> %s
"""


def drop_other_sessions() -> None:
    """End every session on the test database but this one."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        pid = cursor.fetchone()[0]
        cursor.execute(_TERMINATE, [connection.settings_dict["NAME"], pid])


@contextmanager
def no_database() -> Iterator[None]:
    """Nobody but this test can reach the test database."""
    _allow_connections("false")
    drop_other_sessions()
    try:
        yield
    finally:
        _allow_connections("true")


def _allow_connections(allowed: str) -> None:
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"alter database {name} allow_connections {allowed}")
