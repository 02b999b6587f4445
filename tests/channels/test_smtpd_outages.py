"""The mail door while it closes, and while the database is away."""

from __future__ import annotations

import time

import pytest

from channels.models import Receipt
from tests.channels.doors import Line, Running, running_door
from tests.channels.outages import drop_other_sessions, no_database
from tests.factories import make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


def test_closing_lets_a_mail_in_the_middle_finish() -> None:
    make_account()
    with running_door() as door:
        idle, busy = Line(door.port), Line(door.port)
        busy.begin()
        began = time.monotonic()
        door.begin_to_close()
        assert idle.answer().startswith("421 4.3.2 ")
        busy.socket.sendall(b"x\r\n.\r\n")
        assert busy.answer().startswith("250 ")
        assert busy.answer().startswith("421 4.3.2 ")
    assert time.monotonic() - began < 4
    assert Receipt.objects.count() == 1


def test_closing_waits_for_nobody_longer_than_its_grace() -> None:
    make_account()
    with running_door(grace_seconds=0.3) as door:
        line = Line(door.port)
        line.begin()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert line.answer().startswith("421 4.3.2 ")


def test_without_a_database_the_sender_is_asked_to_come_back(door: Running) -> None:
    ready = Line(door.port)
    ready.begin()
    with no_database():
        ready.socket.sendall(b"x\r\n.\r\n")
        assert ready.answer().startswith("451 4.3.0 ")
        fresh = Line(door.port)
        fresh.say("MAIL FROM:<a@example.org>")
        time.sleep(0.4)  # until the list of mailboxes is no longer trusted
        assert fresh.say("RCPT TO:<support@example.com>").startswith("451 4.3.0 ")
    time.sleep(0.4)
    assert ready.send(b"x").startswith("250 ")
    assert fresh.say("RCPT TO:<support@example.com>").startswith("250 ")
    assert Receipt.objects.count() == 1


def test_a_connection_that_postgres_dropped_is_made_anew_unnoticed(door: Running) -> None:
    assert Line(door.port).send(b"x").startswith("250 ")
    drop_other_sessions()
    assert Line(door.port).send(b"y").startswith("250 ")
    assert Receipt.objects.count() == 2
