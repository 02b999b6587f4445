"""The health check of database connections: a dead one is noticed, a live one is not asked."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


def _end_backend() -> None:
    """What a restart of Postgres does to this process's connection."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    other = psycopg2.connect(
        connection.connection.dsn, password=connection.settings_dict["PASSWORD"]
    )
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", [pid])
    other.close()


def test_a_connection_whose_server_is_gone_is_replaced_before_it_is_used() -> None:
    _end_backend()
    connection.close_if_unusable_or_obsolete()
    connection.health_check_enabled = True
    connection.health_check_done = False
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


def test_a_live_connection_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()

    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError("a round trip")

    monkeypatch.setattr("django.db.backends.postgresql.base.DatabaseWrapper.is_usable", refuse)
    assert connection.is_usable()


def test_a_connection_that_has_something_to_say_is_asked() -> None:
    with connection.cursor() as cursor:
        cursor.execute("listen test_is_usable")
        cursor.execute("select pg_notify('test_is_usable', 'x')")
    assert connection.is_usable()
