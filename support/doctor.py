"""The checks behind `manage.py doctor`: what an operator asks first when something is wrong."""

from __future__ import annotations

import smtplib
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module

from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import module_has_submodule
from redis.exceptions import RedisError

from support import relay
from support.redis import client as redis_client

OLDEST_POSTGRES = 140000


@dataclass(frozen=True)
class Finding:
    """One check: its name, whether it is well, and one sentence."""

    name: str
    well: bool
    words: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def examine() -> list[Finding]:
    """Every check, in the order in which to mend things. None of them raises."""
    return [_carefully(name, check) for name, check in {**CHECKS, **_of_rooms()}.items()]


def _of_rooms() -> dict[str, Callable[[], tuple[bool, str]]]:
    """What rooms have to say: each may have a module ``checkup`` with ``CHECKS`` of its own."""
    found = {}
    for room in apps.get_app_configs():
        if module_has_submodule(room.module, "checkup"):
            found.update(import_module(f"{room.name}.checkup").CHECKS)
    return found


def _carefully(name: str, check: Callable[[], tuple[bool, str]]) -> Finding:
    try:
        well, words = check()
    except Exception as error:  # noqa: BLE001 - whatever is broken is what the operator asks for
        well, words = False, f"{type(error).__name__}: {error}".strip()
    return Finding(name, well, words)


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int, version()")
        number, text = cursor.fetchone()
    version = " ".join(str(text).split()[:2])
    if number < OLDEST_POSTGRES:
        return False, f"{version} is too old: Harbour needs PostgreSQL 14 or newer."
    return True, f"{version} answers."


def _locale() -> tuple[bool, str]:
    """With LC_CTYPE C, pg_trgm finds no letters in Chinese and says nothing about it."""
    with connection.cursor() as cursor:
        cursor.execute("select datctype from pg_database where datname = current_database()")
        (ctype,) = cursor.fetchone()
        cursor.execute("select count(*) from pg_extension where extname = 'pg_trgm'")
        (has_trigrams,) = cursor.fetchone()
        if has_trigrams:
            cursor.execute("select array_length(show_trgm('充值失败'), 1)")
            (has_trigrams,) = cursor.fetchone()
    if ctype in ("C", "POSIX") or has_trigrams is None:
        return False, (
            f"The database's LC_CTYPE {ctype} makes Chinese text unsearchable. Create it anew "
            "with C.UTF-8 (see docs/operations.md)."
        )
    return True, f"LC_CTYPE is {ctype}: Chinese text can be searched."


def _migrations() -> tuple[bool, str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return False, f"{len(plan)} migrations wait: run `manage prepare`."
    return True, "All migrations are applied."


def _redis() -> tuple[bool, str]:
    try:
        info = redis_client().info("server")
    except (RedisError, OSError) as error:
        return False, f"Redis does not answer: {error}"
    version = info.get("valkey_version") or info.get("redis_version")
    return True, f"Version {version} answers."


def _storage() -> tuple[bool, str]:
    name = default_storage.save(f"doctor/{uuid.uuid4().hex}", ContentFile(b"well"))
    try:
        with default_storage.open(name) as kept:
            well = kept.read() == b"well"
    finally:
        default_storage.delete(name)
    return well, "Attachments can be written, read and deleted." if well else "It reads nonsense."


def _mail() -> tuple[bool, str]:
    if "smtp" not in settings.EMAIL_BACKEND:
        return True, f"Mail goes out by {settings.EMAIL_BACKEND}."
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    try:
        with kind(host, port, timeout=5) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return False, f"{host}:{port} does not take mail: {error}"
    return True, f"{host}:{port} answers."


def _background() -> tuple[bool, str]:
    """Beat asks a worker for a heartbeat every ten seconds: it tells of both."""
    silent = [name for name in ("worker", "relay") if not relay.is_alive(name)]
    if silent:
        return False, f"No heartbeat from {' and '.join(silent)} (beat rings the worker's)."
    return True, "Worker, beat and relay are alive."


def _secrets() -> tuple[bool, str]:
    for key in settings.HARBOUR_KEYS:
        Fernet(key)
    if len(settings.SECRET_KEY) < 50:
        return False, "SECRET_KEY is shorter than 50 characters."
    return True, "SECRET_KEY and HARBOUR_KEYS are set and well-formed."


CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "database": _database,
    "locale": _locale,
    "migrations": _migrations,
    "redis": _redis,
    "storage": _storage,
    "mail out": _mail,
    "background": _background,
    "secrets": _secrets,
}
