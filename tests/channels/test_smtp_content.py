"""The end of a mail, found in any chunking, and memory that stays bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.smtpd.content import Budget, Content


def read(stream: bytes, step: int = 7, limit: int = 10_000) -> tuple[bytes | None, bytes, str]:
    """The mail, what followed it, and the refusal; None when the mail did not end."""
    content = Content(limit, Budget(1_000_000))
    for start in range(0, len(stream), step):
        rest = content.feed(stream[start : start + step])
        if rest is not None:
            return content.mail(), rest + stream[start + step :], content.refusal
    return None, b"", content.refusal


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize(
    ("sent", "mail"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"x\r\n.\r\n", b"x\r\n"),
        (b"a\r\n..\r\n...b\r\nc\r\n.\r\n", b"a\r\n.\r\n..b\r\nc\r\n"),
        (b".x\r\n.\r\n", b"x\r\n"),
    ],
)
def test_a_mail_ends_at_a_dot_on_its_own_line(sent: bytes, mail: bytes, step: int) -> None:
    assert read(sent + b"QUIT\r\n", step) == (mail, b"QUIT\r\n", "")


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r"]
)
def test_no_other_ending_smuggles_a_second_mail(end: bytes) -> None:
    body = b"a" + end + b"MAIL FROM:<evil@example.org>\r\n"
    mail, rest, _ = read(body + b".\r\n")
    assert rest == b""
    assert mail is not None
    assert b"MAIL FROM" in mail


@given(st.binary(max_size=300), st.integers(1, 50))
def test_whatever_is_sent_comes_out_again(body: bytes, step: int) -> None:
    mail = body.replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"
    stuffed = (b"\r\n" + mail).replace(b"\r\n.", b"\r\n..")[2:]
    assert read(stuffed + b".\r\n" + b"NOOP\r\n", step) == (mail, b"NOOP\r\n", "")


def test_a_mail_too_big_is_read_to_its_end_but_not_kept() -> None:
    content = Content(1000, Budget(1_000_000))
    for _ in range(1000):
        assert content.feed(b"x" * 998 + b"\r\n") is None
        assert len(content._text) < 3000
    assert content.feed(b".\r\nQUIT") == b"QUIT"
    assert content.mail() == b""
    assert content.refusal.startswith("552 5.3.4 ")


def test_the_limit_does_not_count_transparency_dots() -> None:
    line = b"..\r\n"
    mail, _, refusal = read(line * 250 + b".\r\n", limit=750)
    assert len(mail or b"") == 750 or refusal  # stuffed it is a third bigger
    assert read(b"x" * 998 + b"\r\n.\r\n", limit=1000)[2] == ""
    assert read(b"x" * 999 + b"\r\n.\r\n", limit=1000)[2].startswith("552 ")


def test_all_conversations_share_one_budget_of_memory() -> None:
    budget = Budget(100)
    first, second = Content(1000, budget), Content(1000, budget)
    first.feed(b"x" * 80)
    second.feed(b"y" * 80)
    assert first.refusal == ""
    assert second.refusal.startswith("452 4.3.1 ")
    first.release()
    third = Content(1000, budget)
    third.feed(b"z" * 90)
    assert third.refusal == ""
