"""Big files do not pass through the parser, and come back byte for byte."""

import base64
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.mail import lift as lifting
from channels.mail.lift import lift
from channels.mime import parse_mail
from tests.channels.mail.letters import raw

FILE = bytes(range(256)) * 4096
HEAD = "From: a@example.com\nSubject: big\nContent-Type: multipart/mixed; boundary=b"


def mail_with(*files: bytes) -> bytes:
    parts = b"".join(
        b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(one).replace(b"\n", b"\r\n")
        for one in files
    )
    return raw(HEAD, b"--b\r\n\r\nhello\r\n" + parts + b"--b--\r\n")


def test_files_come_back_byte_for_byte() -> None:
    mail = parse_mail(mail_with(FILE, b"small", FILE[:-1]))
    assert [one.content for one in mail.attachments] == [FILE, b"small", FILE[:-1]]
    assert mail.text.strip() == "hello"


def test_what_the_parser_sees_is_small() -> None:
    lean, lifted = lift(mail_with(FILE))
    assert len(lean) < 1000
    assert len(lifted.pieces) == 1


def test_base64_in_a_text_is_still_its_text() -> None:
    letters = base64.encodebytes(FILE).decode()
    assert parse_mail(raw("From: a@example.com", letters)).text.strip() == letters.strip()


def test_files_within_a_mail_within_a_mail_come_back() -> None:
    inner = mail_with(FILE).replace(b"boundary=b", b"boundary=c").replace(b"--b", b"--c")
    whole = raw(HEAD, b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n")
    found = parse_mail(whole).attachments
    assert FILE in [one.content for one in found]
    assert base64.encodebytes(FILE).split(b"\n")[0] in found[0].content


def test_nobody_else_can_write_the_mark() -> None:
    forged = mail_with(FILE, b"x").replace(b"hello", b"lifted-000000000000000000000000-0-")
    assert "lifted-0" in parse_mail(forged).text


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b"A" * 76 + b"\n", b"B" * 60 + b"\r\n", b"--b\n", b"\n", b"x: y\n", b"A" * 39 + b"\n"]), max_size=60),
    st.binary(max_size=30),
)  # fmt: skip
def test_taking_out_and_putting_back_changes_nothing(lines: list[bytes], noise: bytes) -> None:
    whole = b"".join(lines) * 40 + noise + b"".join(lines) * 40
    lean, lifted = lift(whole)
    assert lifted.put_back(lean) == whole


def test_many_short_runs_cost_little() -> None:
    whole = (b"A" * 76 + b"\n") * 100 + b"\n"
    began = time.process_time()
    lean, _ = lift(whole * 1000)
    assert time.process_time() - began < 1
    assert len(lean) == len(whole) * 1000
    assert len(whole) < lifting._LONG
