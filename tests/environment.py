"""The suite's own PostgreSQL and Valkey, started before Django reads its settings.

Loaded by `-p tests.environment` in pyproject.toml: pytest-django reads the settings before any
conftest.py. With DATABASE_URL and REDIS_URL set, those are used instead.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from support.local import ensure

ROOT = Path(__file__).resolve().parents[1]


def _use_data_directory() -> Path:
    chosen = Path(os.environ.get("HARBOUR_DATA") or ROOT / "var" / "test").resolve()
    chosen.mkdir(parents=True, exist_ok=True)
    os.environ["HARBOUR_DATA"] = str(chosen)
    return chosen


def _start_servers(data: Path) -> None:
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        database, broker = ensure(data, durable=False)
        os.environ.setdefault("DATABASE_URL", database)
        os.environ.setdefault("REDIS_URL", broker)


def _number_valkey(worker: str) -> None:
    """Parallel workers share one Valkey: each takes a database number of its own, from 1 on."""
    number = int(re.sub(r"\D", "", worker) or 0) + 1
    url = urlsplit(os.environ["REDIS_URL"])
    if url.scheme == "unix":  # geturl() would drop the empty host's slashes
        os.environ["REDIS_URL"] = f"unix://{url.path}?db={number}"
    else:
        os.environ["REDIS_URL"] = url._replace(path=f"/{number}").geturl()


def _set_environment() -> None:
    os.environ.update(HARBOUR_DEMO="0", HARBOUR_TESTING="1", HARBOUR_UNDO_SECONDS="0")
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0123456789" * 5)
    os.environ.setdefault("HARBOUR_KEYS", "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMhISE=")
    for name in ("EMAIL_URL", "HARBOUR_URL", "ALLOWED_HOSTS", "PORT", "SMTP_PORT"):
        os.environ.pop(name, None)


_set_environment()
_start_servers(_use_data_directory())
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    _number_valkey(worker)
