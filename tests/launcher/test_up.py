"""`./harbour up` from an empty data directory to a clean end, with everything killed in between."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import smtplib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.launcher.test_servers import users_of

ROOT = Path(__file__).resolve().parents[2]
OURS = re.compile(
    r"^(HARBOUR_.*|DATABASE_URL|REDIS_URL|EMAIL_URL|SECRET_KEY|PORT|SMTP_PORT|DJANGO_.*|PYTEST_.*)$"
)
MAIL = (
    "From: Jana <jana@example.org>\r\nTo: support@example.com\r\nSubject: {subject}\r\n"
    "Message-ID: <{subject}@example.org>\r\n\r\nPlease help.\r\n"
)

pytestmark = pytest.mark.slow


@dataclass
class Running:
    """One `./harbour up`, and what it says."""

    data: Path
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "harbour", *words], check=False, capture_output=True, text=True,
            env=self.environment, timeout=120,
        )  # fmt: skip

    def start(self) -> None:
        with (self.data / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [ROOT / "harbour", "up"], stdout=said, stderr=said, env=self.environment
            )
        eventually(lambda: "is running" in self.said() or self.ended(), 240)
        assert not self.ended(), self.said()

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def said(self) -> str:
        return (self.data / "said").read_text(errors="replace")

    def chosen(self, name: str) -> int:
        return int(json.loads((self.data / "up.json").read_text())["env"][name])

    def get(self, path: str) -> int:
        try:
            door = http.client.HTTPConnection("127.0.0.1", self.chosen("PORT"), timeout=20)
            door.request("GET", path)
            return door.getresponse().status
        except OSError:
            return 0

    def write(self, subject: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.chosen("SMTP_PORT"), timeout=30) as client:
            client.sendmail("jana@example.org", "support@example.com", MAIL.format(subject=subject))

    def tickets(self) -> int:
        code = "from tickets.models import Ticket; print('tickets:', Ticket.objects.count())"
        answer = self.command("manage", "shell", "-v", "0", "-c", code)
        return int(re.findall(r"tickets: (\d+)", answer.stdout)[0])

    def process_named(self, words: str) -> int:
        """The newest process of ours whose command line has these words."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                own = os.fsencode(self.data) in (entry / "environ").read_bytes()
            except (OSError, ValueError):
                continue
            if entry.name.isdigit() and own and words in line:
                found.append(int(entry.name))
        return max(found, default=0)


def eventually(holds: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Running]:
    data = tmp_path / "data of ours"
    data.mkdir()
    environment = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    environment["HARBOUR_DATA"] = str(data)
    running = Running(data, environment=environment)
    yield running
    if running.process and running.process.poll() is None:
        running.process.terminate()
        running.process.wait(30)
    eventually(lambda: not users_of(data))


@pytest.mark.timeout(600)
def test_up_answers_survives_and_stops(harbour: Running) -> None:
    harbour.start()
    _shows_where_to_go(harbour)
    second = harbour.command("up")
    assert second.returncode == 1
    assert "already running" in second.stdout
    eventually(lambda: harbour.command("doctor").returncode == 0)
    report = json.loads(harbour.command("doctor", "--json").stdout)
    assert report["well"]
    assert {check["name"] for check in report["checks"]} >= {"database", "redis", "mail out"}

    before = harbour.tickets()
    harbour.write("first")
    eventually(lambda: harbour.tickets() == before + 1)
    _survives_kills(harbour)
    harbour.write("second")
    eventually(lambda: harbour.tickets() == before + 2)

    answer = harbour.command("stop")
    assert answer.stdout == "Stopped.\n"
    assert harbour.process is not None
    assert harbour.process.wait(5) == 0
    eventually(lambda: not users_of(harbour.data))
    _starts_again_after_its_own_death(harbour, expected=before + 2)


def _shows_where_to_go(harbour: Running) -> None:
    said = harbour.said()
    for words in ("/console/", "/status/", "/api/v1/docs/", "SMTP", "sign in as", "Ctrl-C"):
        assert words in said
    for path in ("/readyz", "/", "/status/"):
        assert harbour.get(path) == 200
    assert harbour.get("/console/") in (200, 302)


def _survives_kills(harbour: Running) -> None:
    for words in ("celery", "maildoor", "manage.py relay", "uvicorn"):
        killed = harbour.process_named(words)
        assert killed, words
        os.kill(killed, signal.SIGKILL)
        eventually(lambda w=words, k=killed: harbour.process_named(w) not in (0, k))
    postmaster = int((harbour.data / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    eventually(lambda: "starting them again" in harbour.said())
    eventually(lambda: harbour.get("/readyz") == 200)


def _starts_again_after_its_own_death(harbour: Running, expected: int) -> None:
    harbour.start()
    assert harbour.process is not None
    harbour.process.kill()
    harbour.process.wait()
    eventually(lambda: not users_of(harbour.data))
    eventually(lambda: not harbour.process_named("uvicorn"))
    harbour.start()
    assert harbour.get("/readyz") == 200
    assert harbour.tickets() == expected
