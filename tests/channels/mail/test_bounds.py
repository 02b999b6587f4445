"""No mail takes more than two seconds of a processor, or 512 MB; each is read or refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from channels.mail.limits import MOST_BYTES, MOST_LINES
from channels.mail.structure import LONGEST_TEXT
from channels.mime import Unreadable, describe, parse_mail
from channels.sandbox import understand
from tests.channels.mail.letters import raw

HEAD = b"From: a@example.com\r\nSubject: x\r\nIn-Reply-To: <a@example.org>\r\n"
LIMIT = 25 * 1024 * 1024
READ = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
from channels.mime import describe
raw = sys.stdin.buffer.read()
began = time.process_time()
told = describe(raw)
print(json.dumps([time.process_time() - began, told["subject"], told["defects"]]))
"""


def fill(piece: bytes, size: int = MOST_BYTES - 64 * 1024, lines: int = MOST_LINES - 1000) -> bytes:
    """As much of `piece` as is still let through."""
    return piece * min(size // len(piece), lines // max(1, piece.count(b"\n")))


def multipart(*parts: bytes) -> bytes:
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(parts)


BASE64 = b"Content-Transfer-Encoding: base64\r\n\r\n"
MAILS = {
    "lines": HEAD + b"\r\n" + fill(b"> quoted words here\r\nand mine\r\n"),
    "one line": HEAD + b"\r\n" + fill(b"word "),
    "divs": HEAD + b"Content-Type: text/html\r\n\r\n" + fill(b"<div>a</div>"),
    "blockquotes": HEAD + b"Content-Type: text/html\r\n\r\n" + fill(b"<blockquote>a"),
    "open tags": HEAD + b"Content-Type: text/html\r\n\r\n" + fill(b'<a "'),
    "fields": fill(b"X-A: b\r\n") + HEAD + b"\r\nhi",
    "recipients": b"To: " + fill(b"a@example.com,\r\n ") + b"\r\n" + HEAD + b"\r\nhi",
    "a long From": b"From: " + b"x" * 10_240 + b" <a@example.com>\r\nSubject: x\r\n\r\nhi",
    "dashes": multipart(fill(b"--bx\r\n")),
    "nine hundred texts": multipart(*[b"--b\r\n\r\n" + fill(b"word\r\n", 12_000, 300)] * 900),
    "status blocks": HEAD
    + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\n\r\n"
    + fill(b"Final-Recipient: rfc822; a@example.org\r\nAction: failed\r\n\r\n"),
    "a file of 25 MB": HEAD + b"Content-Type: application/pdf\r\n" + BASE64
    + fill(b"QUJD" * 19 + b"\r\n", LIMIT, 10**9),
    "a text of 25 MB": HEAD + BASE64 + fill(b"QUJDCg" * 12 + b"\r\n", LIMIT, 10**9),
    "unlabelled": HEAD + b"\r\n" + fill("您好，订单没有收到\r\n".encode("gbk")),
    "a container": HEAD + b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\x01\x00"
    + fill(b"\x02\x02\x90\x06\x00\x00\x00\x00\x00\x00\x00"),
}  # fmt: skip


@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS.keys())
def test_what_is_let_through_costs_two_seconds_and_512_megabytes_at_most(mail: bytes) -> None:
    spent, subject, _ = min(_read(mail) for _ in range(2))
    assert subject == "x"
    assert spent < 2


def _read(mail: bytes) -> tuple[float, str, list[str]]:
    """Time and outcome of a process of its own with bounded memory; it must not fail."""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", READ], input=mail, capture_output=True, cwd=root, check=True
    )
    spent, subject, defects = json.loads(done.stdout)
    return spent, subject, defects


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
def test_more_lines_than_anybody_writes_are_refused(ending: bytes) -> None:
    with pytest.raises(Unreadable, match="too much text"):
        parse_mail(HEAD + b"\r\n" + (b"x" + ending) * (MOST_LINES + 1))


def test_more_text_than_anybody_writes_is_refused_and_told_by_its_headers() -> None:
    mail = HEAD + b"\r\n" + b"word " * (MOST_BYTES // 5 + 1)
    with pytest.raises(Unreadable, match="too much text"):
        understand(mail)
    assert describe(mail)["defects"] == ["too much text"]


def test_a_text_too_long_to_read_is_a_file_and_whole() -> None:
    text = b"some words on a line\r\n" * (LONGEST_TEXT // 20)
    mail = parse_mail(raw("From: a@example.com\nContent-Type: text/plain", text))
    assert [(one.name, one.content) for one in mail.attachments] == [("attachment.txt", text)]
    assert mail.text.endswith("some words on a line\n")
    assert LONGEST_TEXT * 0.9 < len(mail.text) < LONGEST_TEXT
