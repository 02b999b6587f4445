"""What one sender, one mail or one conversation may ask of the mail door."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from channels.models import Receipt
from tests.channels.doors import Line, Running, running_door
from tests.factories import make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]

MB = 1024 * 1024


def test_more_than_a_hundred_recipients_are_put_off(door: Running) -> None:
    line = Line(door.port)
    line.say("MAIL FROM:<a@example.org>")
    answers = [line.say(f"RCPT TO:<support+{n}@example.com>") for n in range(103)]
    assert [answer[:3] for answer in answers] == ["250"] * 100 + ["452"] * 3
    line.say("DATA")
    assert line.say("x\r\n.").startswith("250 ")


def test_a_declared_size_above_the_limit_is_refused_at_once(door: Running) -> None:
    line = Line(door.port)
    assert line.say(f"MAIL FROM:<a@example.org> SIZE={25 * MB}").startswith("250 ")
    line.say("RSET")
    too_big = f"MAIL FROM:<a@example.org> SIZE={25 * MB + 1}"
    assert line.say(too_big).startswith("552 5.3.4 ")
    assert line.say("MAIL FROM:<a@example.org> SIZE=" + "9" * 20).startswith("552 5.3.4 ")


def test_a_mail_of_30_megabytes_is_refused_and_the_next_one_taken(door: Running) -> None:
    line = Line(door.port)
    line.begin()
    chunk = (b"x" * 76 + b"\r\n") * 1000
    for _ in range(30 * MB // len(chunk)):
        line.socket.sendall(chunk)
    line.socket.sendall(b".\r\n")
    assert line.answer().startswith("552 5.3.4 ")
    assert line.send(b"small").startswith("250 ")
    assert Receipt.objects.count() == 1


def test_a_mail_of_24_megabytes_is_taken_in_seconds(door: Running) -> None:
    mail = (b"x" * 76 + b"\r\n") * (24 * MB // 78)
    began = time.monotonic()
    assert Line(door.port).send(mail).startswith("250 ")
    assert time.monotonic() - began < 10
    assert bytes(Receipt.objects.get().body) == mail + b"\r\n"


def test_lines_of_any_length_are_taken(door: Running) -> None:
    mail = b"Subject: long\r\n\r\n" + b"x" * MB
    assert Line(door.port).send(mail).startswith("250 ")
    assert bytes(Receipt.objects.get().body) == mail + b"\r\n"


def test_fifty_connections_send_twenty_mails_each(door: Running) -> None:
    def client(n: int) -> list[str]:
        line = Line(door.port)
        return [line.send(b"Subject: %d-%d\r\n\r\nx" % (n, i)) for i in range(20)]

    with ThreadPoolExecutor(50) as pool:
        answers = [answer for said in pool.map(client, range(50)) for answer in said]
    assert {answer[:3] for answer in answers} == {"250"}
    assert Receipt.objects.count() == len(set(answers)) == 1000


def test_one_peer_has_only_so_many_connections() -> None:
    make_account()
    with running_door(connections=2) as door:
        lines = [Line(door.port), Line(door.port)]
        refused = Line(door.port, greeting="")
        assert refused.banner.startswith("421 4.7.0 ")
        assert refused.answer() == ""
        lines.pop().close()
        deadline = time.monotonic() + 5
        while not (again := Line(door.port, greeting="")).banner.startswith("220"):
            assert time.monotonic() < deadline
        assert again.say("EHLO x").startswith("250")


def test_one_peer_may_send_only_so_many_mails_a_minute() -> None:
    make_account()
    with running_door(mails_a_minute=3) as door:
        line = Line(door.port)
        assert [line.send(b"x")[:3] for _ in range(3)] == ["250"] * 3
        assert line.say("MAIL FROM:<a@example.org>").startswith("451 4.7.1 ")


def test_who_says_nothing_is_hung_up_on() -> None:
    make_account()
    with running_door(command_seconds=0.3, silence_seconds=0.3) as door:
        silent, slow = Line(door.port), Line(door.port)
        slow.begin()
        slow.socket.sendall(b"Subject: slow\r\n")
        assert silent.answer().startswith("421 4.4.2 ")
        assert slow.answer().startswith("421 4.4.2 ")
        assert silent.answer() == slow.answer() == ""


def test_a_drip_of_bytes_does_not_hold_a_connection_for_ever() -> None:
    make_account()
    with running_door(silence_seconds=5, data_seconds=0.6) as door:
        line = Line(door.port)
        line.begin()
        with pytest.raises(OSError):
            for _ in range(40):
                line.socket.sendall(b"x")
                time.sleep(0.05)


def test_slow_clients_hold_nobody_up(door: Running) -> None:
    for _ in range(20):
        Line(door.port).begin()
    began = time.monotonic()
    assert Line(door.port).send(b"x").startswith("250 ")
    assert time.monotonic() - began < 2
