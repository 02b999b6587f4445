"""Suspicious mails are read in a child that can be killed; the caller lives on."""

import os
import threading
import time

import pytest

from channels import sandbox
from channels.sandbox import Unreadable, understand
from tests.channels.mail.letters import letter, raw


def big(words: str = "hello") -> bytes:
    head = "From: a@example.com\nSubject: big\nContent-Type: multipart/mixed; boundary=b"
    body = f"--b\r\n\r\n{words}\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return raw(head, body.encode() + (b"QUJD" * 18 + b"\r\n") * 8000 + b"--b--\r\n")


def test_an_ordinary_mail_is_read() -> None:
    assert understand(letter("Hello")).text.strip() == "Hello"


def test_a_big_mail_comes_back_whole_from_the_child() -> None:
    mail = understand(big())
    assert (mail.subject, mail.text.strip(), mail.attachments[0].name) == ("big", "hello", "a.pdf")
    assert len(mail.attachments[0].content) == 54 * 8000
    assert mail.from_email == "a@example.com"
    assert isinstance(mail.recipients, tuple)


def test_a_child_that_takes_too_long_is_killed_and_the_next_mail_is_read() -> None:
    began = time.monotonic()
    with pytest.raises(Unreadable, match="too much"):
        understand(big(), timeout=0.01)
    assert time.monotonic() - began < 5
    assert understand(big("next")).text.strip() == "next"


def test_a_child_without_memory_refuses() -> None:
    with pytest.raises(Unreadable):
        understand(big() * 20, memory=48 * 1024 * 1024)
    assert understand(big()).subject == "big"


def test_a_refusal_comes_through() -> None:
    with pytest.raises(Unreadable, match="too many parts"):
        understand(
            raw(
                "From: a@example.com\nContent-Type: multipart/mixed; boundary=b",
                b"--b\r\n\r\nx\r\n" * 5000,
            )
        )


def test_threads_get_their_own_answers() -> None:
    found: dict[int, str] = {}

    def read(number: int) -> None:
        found[number] = understand(big(f"words {number}")).text.strip()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"words {number}" for number in range(6)}


def test_a_forked_worker_starts_its_own_child() -> None:
    understand(big())
    child = os.fork()
    if child == 0:
        good = understand(big("forked")).text.strip() == "forked"
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert understand(big("parent")).text.strip() == "parent"


def test_a_child_that_has_left_by_itself_is_replaced() -> None:
    understand(big())
    for child in sandbox._children._idle:
        assert child.process.stdin is not None
        child.process.stdin.close()
    assert understand(big("after")).text.strip() == "after"
