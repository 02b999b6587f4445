"""The mail door as a process of its own: stopped, killed, and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection

from channels.models import Receipt
from support.models import Heartbeat
from tests.channels.doors import HOST, Line
from tests.factories import make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(90), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., tuple[Any, int]]


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def start() -> Iterator[Start]:
    """Start ``manage maildoor``; the process and its port."""
    make_account()
    running: list[subprocess.Popen[bytes]] = []
    url = urlsplit(os.environ["DATABASE_URL"])
    database = url._replace(path="/" + quote(connection.settings_dict["NAME"])).geturl()

    def begin(*options: str, **environment: str) -> tuple[Any, int]:
        port = _free_port()
        command = [sys.executable, str(ROOT / "manage.py"), "maildoor", "--port", str(port)]
        values = {**os.environ, "DATABASE_URL": database, **environment}
        running.append(subprocess.Popen([*command, *options], env=values, cwd=ROOT))
        until = time.monotonic() + 40
        while time.monotonic() < until:
            try:
                Line(port, greeting="").close()
            except OSError:
                time.sleep(0.1)
            else:
                return running[-1], port
        raise AssertionError("the mail door did not open")

    yield begin
    for process in running:
        process.kill()
        process.wait()


def test_it_takes_mail_and_ends_within_seconds_when_told_to(start: Start) -> None:
    process, port = start()
    assert Line(port).send(b"Subject: x\r\n\r\nx").startswith("250 ")
    half = Line(port)
    half.begin()
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    half.socket.sendall(b"Subject: y\r\n\r\ny\r\n.\r\n")
    assert half.answer().startswith("250 ")
    assert process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert Receipt.objects.count() == 2


@pytest.mark.parametrize(
    ("point", "stored"), [("smtpd.before_commit", 2), ("smtpd.after_commit", 3)]
)
def test_a_sender_that_heard_no_250_sends_again_and_nothing_is_lost(
    start: Start, point: str, stored: int
) -> None:
    """Killed after the commit the mail is there twice: only its sender cannot know that."""
    process, port = start(FAULT=f"{point}:2:kill9")
    assert Line(port).send(b"first").startswith("250 ")
    assert Line(port).send(b"second") == ""
    assert process.wait(10) == -signal.SIGKILL
    _again, port = start()
    assert Line(port).send(b"second").startswith("250 ")
    assert Receipt.objects.count() == stored


def test_on_a_small_machine_it_watches_the_mailboxes_too(start: Start) -> None:
    process, port = start("--mailboxes")
    until = time.monotonic() + 20
    while not Heartbeat.objects.filter(name="mailboxes").exists():
        assert time.monotonic() < until, "nobody watches the mailboxes"
        time.sleep(0.1)
    assert Line(port).send(b"Subject: x\r\n\r\nx").startswith("250 ")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_a_port_in_use_is_said_plainly(start: Start) -> None:
    _process, port = start()
    command = [sys.executable, str(ROOT / "manage.py"), "maildoor", "--port", str(port)]
    second = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=40)
    assert second.returncode == 1
    assert b"the mail door cannot open" in second.stderr
