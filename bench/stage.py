"""What every benchmark stands on: a fresh database, processes of its own, an honest report."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis

from support import local

ROOT = Path(__file__).resolve().parents[1]


def say(text: str) -> None:
    """Progress goes to stderr: stdout is for the result alone."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def stage() -> Iterator[Path]:
    """A database of our own on durable private servers, gone at the end; where files go."""
    data = Path(os.environ.get("HARBOUR_DATA") or ROOT / "var" / "bench").resolve()
    data.mkdir(parents=True, exist_ok=True)
    with (data / "bench.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("another benchmark is running here") from None
        say("starting PostgreSQL and Valkey")
        server, broker = local.ensure(data, durable=True)
        files, name = data / f"run-{os.getpid()}", f"bench_{os.getpid()}"
        files.mkdir(exist_ok=True)
        _sql(server, f"create database {name} template template0")
        redis.Redis.from_url(broker).flushall()
        url = urlsplit(server)._replace(path=f"/{name}").geturl()
        os.environ.update(local.make_secrets(data))
        os.environ.update(_environment(files, url, broker))
        try:
            manage("migrate", "--verbosity", "0")
            yield files
        finally:
            _sql(server, f"drop database if exists {name} with (force)")
            shutil.rmtree(files, ignore_errors=True)


def _environment(files: Path, database: str, broker: str) -> dict[str, str]:
    return {
        "HARBOUR_DATA": str(files),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "DJANGO_SETTINGS_MODULE": os.environ.get("BENCH_SETTINGS", "support.settings"),
        "PYTHONPATH": str(ROOT),
        "HARBOUR_DEMO": "0",
        "HARBOUR_MAIL_DOMAIN": "example.com",
        "HARBOUR_SMTP_RATE": "1000000000",
        "HARBOUR_API_RATE": "1000000000",
        "HARBOUR_TRUSTED_PROXIES": "127.0.0.1",
        "HARBOUR_UNDO_SECONDS": "0",
    }


def connect(url: str = "") -> Any:
    """A bare connection to the database of this run."""
    return psycopg2.connect(url or os.environ["DATABASE_URL"])


def _sql(url: str, statement: str) -> None:
    connection = connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def manage(*words: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr, timeout=300)


class Processes:
    """Children of this benchmark, and of nobody else; they end with it."""

    def __init__(self, logs: Path) -> None:
        self.logs, self._running = logs, []  # type: tuple[Path, list[subprocess.Popen[str]]]

    def start(self, name: str, *command: str, **env: str) -> subprocess.Popen[str]:
        with (self.logs / f"{name}.log").open("a") as log:
            child = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env={**os.environ, **env},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self._running.append(child)
        return child

    def stop(self, *children: subprocess.Popen[str]) -> None:
        chosen = children or tuple(self._running)
        for child in chosen:
            child.terminate()
        for child in chosen:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            self._running.remove(child)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def log_of(self, name: str) -> str:
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, child: subprocess.Popen[str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and child.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}: {child.args}")


def percentile(times: list[float], share: float) -> float:
    """In milliseconds, of times in seconds."""
    ordered = sorted(times)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def report(name: str, **values: Any) -> None:
    """The one thing on stdout."""
    names = ("Django", "psycopg2-binary", "celery", "uvicorn", "a2wsgi", "aiosmtpd")
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        postgres = cursor.fetchone()[0]
    connection.close()
    versions = {each: _version(each) for each in names}
    versions |= {"python": platform.python_version(), "postgresql": postgres}
    result = {"bench": name, **values, "load_average": list(os.getloadavg())}
    print(json.dumps({**result, "cores": os.cpu_count(), "versions": versions}, indent=2))


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return "absent"
