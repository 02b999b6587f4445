"""The mail door over real sockets, into a real Postgres."""

from __future__ import annotations

import smtplib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from channels.models import Receipt
from tests.channels.doors import HOST, Line, Running, running_door
from tests.factories import make_account, raw_mail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


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


def test_the_same_mail_from_five_connections_at_once_is_five_receipts(door: Running) -> None:
    mail = raw_mail(Message_ID="<once@example.org>")
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: Line(door.port).send(mail), range(5)))
    assert {answer[:3] for answer in answers} == {"250"}
    assert len(set(answers)) == 5
    assert Receipt.objects.count() == 5


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
