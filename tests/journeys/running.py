"""The whole product, started as a user starts it, for journeys through its real doors."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import smtplib
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


class Harbour:
    """A running Harbour: where its doors are."""

    def __init__(self, url: str, smtp: int, mails: Path) -> None:
        self.url, self.smtp, self.mails = url, smtp, mails

    def send(self, raw: bytes, sender: str, to: str = "support@example.com") -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=20) as door:
            door.sendmail(sender, [to], raw)

    def caught(self, address: str) -> list[EmailMessage]:
        """Mails to ``address`` that the catcher holds, oldest first."""
        found = []
        for path in sorted(self.mails.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if address in str(mail["To"]):
                found.append(mail)
        return found


def eventually(find: Callable[[], T], seconds: float = 60) -> T:
    """What ``find`` gives, as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_harbour(data: Path) -> Iterator[Harbour]:
    """Start ``./harbour up`` with demo data, and stop it as Ctrl-C does."""
    web, smtp = free_port(), free_port()
    environment = {
        key: value
        for key, value in os.environ.items()
        if not re.match(r"(DATABASE|REDIS|EMAIL)_URL|SECRET_KEY|HARBOUR_|DJANGO_|PYTEST", key)
    }
    environment |= {"HARBOUR_DATA": str(data), "PORT": str(web), "SMTP_PORT": str(smtp)}
    environment |= {"CATCHER_PORT": str(free_port()), "CATCHER_SMTP_PORT": str(free_port())}
    log = (data.parent / "up.log").open("w+")
    process = subprocess.Popen(
        [str(ROOT / "harbour"), "up"], env=environment, stdout=log, stderr=log, cwd=ROOT
    )
    try:
        url = f"http://localhost:{web}"
        eventually(lambda: _is_ready(url, process, data.parent / "up.log"), seconds=180)
        yield Harbour(url, smtp, data / "mail")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        log.close()


def _is_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()[-3000:]
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200) and "Ctrl-C" in log.read_text()
    except OSError:
        return False
