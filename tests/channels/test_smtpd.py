"""The mail door over real sockets, into a real Postgres."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from channels.models import Receipt
from tests.channels.doors import HOST, Line, Running, running_door
from tests.channels.outages import drop_other_sessions, no_database
from tests.factories import make_account, raw_mail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]
MB = 1024 * 1024


@pytest.fixture
def door() -> Iterator[Running]:
    make_account()
    with running_door(directory_seconds=0.3) as running:
        yield running


def test_250_is_said_only_when_the_row_is_committed(door: Running) -> None:
    mail = raw_mail(Subject="Kettle leaks").rstrip(b"\r\n")
    answer = Line(door.port).send(mail)
    receipt = Receipt.objects.get()
    assert answer == f"250 2.0.0 Taken as r{receipt.pk}"
    assert bytes(receipt.body) == mail + b"\r\n"
    assert receipt.status == Receipt.Status.WAITING
    assert receipt.meta == {
        "door": "smtp",
        "mail_from": "ann@example.org",
        "rcpt_tos": ["support@example.com"],
        "peer": HOST,
        "helo": "client.example.org",
    }


def test_a_client_that_never_hears_250_left_nothing_behind_before_the_commit(
    door: Running,
) -> None:
    line = Line(door.port)
    line.begin()
    line.socket.sendall(b"Subject: half a mail\r\n\r\nThe rest never")
    line.close()
    assert Line(door.port).send(raw_mail()).startswith("250 ")
    assert Receipt.objects.count() == 1


def test_what_a_client_of_the_standard_library_sends_arrives_unchanged(door: Running) -> None:
    mail = "Subject: Grüße\r\n\r\n.dots\r\n..at the start\r\n.\r\nand 中文\r\n".encode()
    with smtplib.SMTP(HOST, door.port) as client:
        client.sendmail("ann@example.org", ["support@example.com"], mail, ["BODY=8BITMIME"])
    assert bytes(Receipt.objects.get().body) == mail


def test_extensions_are_offered(door: Running) -> None:
    said = Line(door.port).said
    for word in ("SIZE 26214400", "8BITMIME", "SMTPUTF8", "PIPELINING"):
        assert word in said
    assert "AUTH" not in said


def test_commands_and_mails_may_be_pipelined(door: Running) -> None:
    line = Line(door.port)
    envelope = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n"
    for n in range(3):
        line.socket.sendall(envelope)
        assert [line.answer()[:3] for _ in range(3)] == ["250", "250", "354"]
        more = b"NOOP\r\nNOOP\r\n" if n == 2 else b""
        line.socket.sendall(b"Subject: %d\r\n\r\nx\r\n.\r\n" % n + more)
        assert line.answer().startswith("250 ")
    assert [line.answer()[:3] for _ in range(2)] == ["250", "250"]
    assert Receipt.objects.count() == 3


def test_an_empty_mail_is_taken(door: Running) -> None:
    line = Line(door.port)
    line.begin()
    assert line.say(".").startswith("250 ")
    assert bytes(Receipt.objects.get().body) == b""


@pytest.mark.parametrize("sender", ["", "ann+x@example.org", "grüße@exämple.org"])
def test_the_envelope_sender_is_kept(door: Running, sender: str) -> None:
    line = Line(door.port)
    line.begin(sender=sender)
    line.socket.sendall(b"x\r\n.\r\n")
    assert line.answer().startswith("250 ")
    assert Receipt.objects.get().meta["mail_from"] == sender


def test_a_stranger_address_is_refused(door: Running) -> None:
    make_account(address="old@example.com", is_active=False)
    make_account(address="", kind="web")
    line = Line(door.port)
    line.say("MAIL FROM:<a@example.org>")
    for address in ("nobody@example.com", "old@example.com", "support@example.org", "support"):
        assert line.say(f"RCPT TO:<{address}>").startswith("550 5.1.1 "), address
    assert line.say("DATA").startswith("503 ")


@pytest.mark.parametrize(
    "address", ["SUPPORT@Example.COM", "support+t12.abc@example.com", "support+a+b@example.com"]
)
def test_an_address_is_ours_in_any_case_and_with_anything_after_a_plus(
    door: Running, address: str
) -> None:
    assert Line(door.port).send(b"x", address).startswith("250 ")
    assert Receipt.objects.get().meta["rcpt_tos"] == [address]


def test_a_mailbox_made_a_moment_ago_is_known_within_seconds(door: Running) -> None:
    line = Line(door.port)
    line.say("MAIL FROM:<a@example.org>")
    assert line.say("RCPT TO:<sales@example.com>").startswith("550 ")
    make_account(address="sales@example.com")
    time.sleep(0.4)
    assert line.say("RCPT TO:<sales@example.com>").startswith("250 ")


def test_one_receipt_for_each_account_among_the_recipients(door: Running) -> None:
    make_account(address="sales@example.com")
    recipients = ("support@example.com", "sales@example.com", "support+x@example.com")
    assert Line(door.port).send(b"x", *recipients).startswith("250 ")
    stored = {row.account.address: row.meta["rcpt_tos"] for row in Receipt.objects.all()}
    assert stored == {
        "support@example.com": ["support@example.com", "support+x@example.com"],
        "sales@example.com": ["sales@example.com"],
    }


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


def test_the_same_mail_from_five_connections_at_once_is_five_receipts(door: Running) -> None:
    mail = raw_mail(Message_ID="<once@example.org>")
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: Line(door.port).send(mail), range(5)))
    assert {answer[:3] for answer in answers} == {"250"}
    assert len(set(answers)) == 5
    assert Receipt.objects.count() == 5


def test_fifty_connections_send_twenty_mails_each(door: Running) -> None:
    def client(n: int) -> list[str]:
        line = Line(door.port)
        return [line.send(b"Subject: %d-%d\r\n\r\nx" % (n, i)) for i in range(20)]

    with ThreadPoolExecutor(50) as pool:
        answers = [answer for said in pool.map(client, range(50)) for answer in said]
    assert {answer[:3] for answer in answers} == {"250"}
    assert Receipt.objects.count() == len(set(answers)) == 1000


def test_a_second_mail_cannot_be_smuggled_into_the_first(door: Running) -> None:
    ends = [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n"]
    hidden = b"MAIL FROM:<boss@example.com>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nevil"
    line = Line(door.port)
    for end in ends:
        assert line.send(b"a" + end + hidden).startswith("250 ")
        assert line.say("NOOP").startswith("250 ")
    assert Receipt.objects.count() == len(ends)


def test_odd_bytes_in_the_envelope_do_no_harm(door: Running) -> None:
    line = Line(door.port, greeting="")
    line.socket.sendall(b"EHLO \xff\x00nul\r\n")
    assert line.answer().startswith("250")
    line.socket.sendall(b"MAIL FROM:<\xff\xfe@example.org>\r\n")
    answer = line.answer()
    if answer.startswith("250"):
        line.say("RCPT TO:<support@example.com>")
        line.say("DATA")
        assert line.say("x\r\n.").startswith("250 ")
    assert Line(door.port).send(b"\x00\xff binary").startswith("250 ")


def test_nonsense_is_answered_and_the_conversation_goes_on(door: Running) -> None:
    line = Line(door.port)
    words = [
        "BOGUS",
        "MAIL",
        "MAIL FROM",
        "RCPT TO:<x@y>",
        "DATA",
        "MAIL FROM:<<>>",
        "X" * 4000,
        "\x00",
    ]
    for command in words:
        assert line.say(command)[:1] in ("5", "4"), command
    assert line.send(b"x").startswith("250 ")


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


def test_lmtp_answers_for_each_recipient() -> None:
    make_account()
    make_account(address="sales@example.com")
    with running_door(lmtp=True) as door:
        line = Line(door.port, greeting="LHLO mta.example.org")
        assert line.say("EHLO x").startswith("500 ")
        answers = line.begin("support@example.com", "no@example.com", "sales@example.com")
        assert [answer[:3] for answer in answers] == ["250", "250", "550", "250", "354"]
        line.socket.sendall(b"x\r\n.\r\n")
        assert [line.answer()[:3] for _ in range(2)] == ["250", "250"]
        assert line.say("NOOP").startswith("250 ")
    assert {row.meta["door"] for row in Receipt.objects.all()} == {"lmtp"}
    assert Receipt.objects.count() == 2


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
