"""Valkey flushed, Valkey killed, Postgres killed, while mail keeps coming: nothing is lost."""

from __future__ import annotations

import os
import signal
import smtplib
import time
from collections.abc import Callable, Iterator

import pytest
import redis

from support.keeper import Place
from tests.journeys.running import Harbour, eventually, running_harbour

pytestmark = pytest.mark.slow
MAILS = 6


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("outage") / "var")


@pytest.fixture(scope="module")
def harbour(place: Place) -> Iterator[Harbour]:
    with running_harbour(place.data) as harbour:
        yield harbour


def flush_valkey(place: Place) -> None:
    redis.Redis(unix_socket_path=str(place.valkey)).flushall()


def kill_valkey(place: Place) -> None:
    pid = redis.Redis(unix_socket_path=str(place.valkey)).info("server")["process_id"]
    os.kill(int(pid), signal.SIGKILL)


def kill_postgres(place: Place) -> None:
    pid = (place.data / "pg" / "postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGKILL)


def send_until_taken(harbour: Harbour, sender: str) -> None:
    """As a mail server does: try again when the door defers or is away (RFC 5321, 4.5.4)."""
    lines = [f"From: {sender}", "To: support@example.com", "Subject: Help"]
    raw = "\r\n".join([*lines, f"Message-ID: <{sender}>", "", "Hi", ""]).encode()
    end = time.monotonic() + 90
    while True:
        try:
            harbour.send(raw, sender)
        except (smtplib.SMTPException, OSError):
            assert time.monotonic() < end, "the door never came back"
            time.sleep(0.5)
        else:
            return


@pytest.mark.parametrize("fault", [flush_valkey, kill_valkey, kill_postgres])
def test_everybody_is_acknowledged_once_all_the_same(
    harbour: Harbour, place: Place, fault: Callable[[Place], None]
) -> None:
    senders = [f"{fault.__name__}.{n}@example.org" for n in range(MAILS)]
    for number, sender in enumerate(senders):
        if number == MAILS // 2:
            fault(place)
        send_until_taken(harbour, sender)
    for sender in senders:
        eventually(lambda sender=sender: harbour.caught(sender), seconds=150)
    time.sleep(1)
    assert {sender: len(harbour.caught(sender)) for sender in senders} == dict.fromkeys(senders, 1)
