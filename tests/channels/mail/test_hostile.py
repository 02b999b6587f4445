"""Mails made to hurt: each is read or refused, soon, and nothing unstorable comes out."""

import time
from collections.abc import Callable

import pytest

from channels.mail.html_text import html_lines
from channels.mail.parsed import ParsedMail
from channels.mail.quotes_plain import plain_lines, split_reply
from channels.mime import Unreadable, describe, parse_mail
from tests.channels.mail.letters import letter, raw
from tests.counting import LINEAR, growth

BIG = 200 * 1024


def cpu(run: Callable[..., object], *given: object) -> float:
    began = time.process_time()
    run(*given)
    return time.process_time() - began


def fill(piece: str, size: int = BIG) -> str:
    return piece * (size // len(piece))


PLAIN = [
    "> a\nb\n", ">", " ", "\n", "On 2026 ", "On 2 Feb 2026, x\n", "On 2 Feb 2026 a wrote:\n", "From: a\n",
    "From:\n\n", "*From:*\n", "-", "-----\n", "____\n", "a@", "x a@b.c 10:00\n", "Sent from ", ":", "\t\n> ",
    "On 2 Feb 2026 a wrote:\n> x\ny\n", "> (\nx)\n", "---- forward\n", "From: a@b.c\nDate: 1:00\n", "--\n", "a ",
]  # fmt: skip
HTML = [
    "<div>", "<", '<a "', '<a ">', "<!--", "<!", "<script>", "<style", "&", "&#x", "<blockquote>",
    "<blockquote>a</blockquote>b", "<p>a", "</div>", "<td>", "<br>", "<div><span></div>", "<pre>", "<a href='",
    '<div class="gmail_quote">', "<![CDATA[", "<x y=z ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PLAIN)
def test_200_kilobytes_of_adversarial_text_are_split_soon(piece: str) -> None:
    split_reply(plain_lines(fill(piece, 1000)))
    assert min(cpu(lambda: split_reply(plain_lines(fill(piece)))) for _ in range(2)) < 0.6


@pytest.mark.parametrize("piece", PLAIN)
def test_the_work_of_splitting_grows_with_the_text_and_not_faster(piece: str) -> None:
    assert growth(lambda text: split_reply(plain_lines(text)), piece) < LINEAR


@pytest.mark.parametrize("piece", HTML)
def test_200_kilobytes_of_adversarial_html_are_read_soon(piece: str) -> None:
    assert min(cpu(lambda: split_reply(html_lines(fill(piece)))) for _ in range(2)) < 1.0


@pytest.mark.parametrize("piece", HTML)
def test_the_work_of_reading_html_grows_with_it_and_not_faster(piece: str) -> None:
    assert growth(html_lines, piece) < LINEAR


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("To: x@example.org", "no sender"),
        ("From:", "empty sender"),
        ("From: nobody at all", "no address"),
        (
            "From: a@example.com\nContent-Type: text/plain; charset=x-broken",
            "\udcff".encode("utf-8", "surrogateescape"),
        ),
        ("From: a@example.com\nContent-Type: text/plain; charset=utf-16", b"abc"),
        ("From: a@example.com\nContent-Type: text/plain; charset=utf-7", b"+2D/YPQ- +AAA-"),
        ("From: a@example.com\nSubject: a\x00b", b"c\x00d"),
        ("From: a@example.com\nSubject: =?utf-16?B?2AA=?=", b"\xed\xa0\x80"),
        ("From: a@example.com\nContent-Type: multipart/mixed", "--\r\n--\r\n"),
        ("From: a@example.com\nContent-Type: ;;;=", "x"),
        ("From: a@example.com\nContent-Transfer-Encoding: base64", "@@@@"),
        ("From: a@example.com\nContent-Type: message/rfc822", ""),
        ("", ""),
        ("no colon here", "x"),
    ],
)
def test_a_broken_mail_is_still_a_mail(head: str, body: bytes | str) -> None:
    check(parse_mail(raw(head, body)))


def check(mail: ParsedMail) -> None:
    for value in (
        mail.subject,
        mail.text,
        mail.reply_text,
        mail.quoted_text,
        mail.html,
        mail.from_name,
        mail.message_id,
    ):
        assert "\x00" not in value
        value.encode()
    assert mail.message_id


def multipart(count: int) -> bytes:
    return raw(
        "From: a@example.com\nSubject: x\nContent-Type: multipart/mixed; boundary=b",
        b"--b\r\n\r\nx\r\n" * count,
    )


def nested(depth: int) -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at)
        for at in range(depth)
    )
    return b"From: a@example.com\r\nSubject: x\r\n" + b"".join(levels) + b"\r\nhello\r\n"


def chained(depth: int) -> bytes:
    return (
        b"From: a@example.com\r\nSubject: x\r\n"
        + b"Content-Type: message/rfc822\r\n\r\n" * depth
        + b"\r\nhello"
    )


@pytest.mark.parametrize(
    "mail",
    [
        multipart(5000),
        multipart(500_000),
        nested(1000),
        nested(20_000),
        chained(1000),
        chained(20_000),
    ],
)
def test_too_many_or_too_deep_parts_are_refused_at_once(mail: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Unreadable):
        parse_mail(mail)
    assert describe(mail)["subject"] == "x"
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "mail",
    [
        nested(200).replace(b"\r\n\r\n", b"\r\n"),
        nested(200).replace(b"\r\n", b"\r"),
        b"Subject: x\r\n" + b"boundary=a%s\n" * 200,
        b"Subject: x\r\n" + b"".join(b"X: boundary=a%d\r\n" % at for at in range(200)),
    ],
)
def test_a_refused_mail_can_be_told_by_its_headers_whatever_they_hold(mail: bytes) -> None:
    assert isinstance(describe(mail)["subject"], str)


@pytest.mark.parametrize("mail", [multipart(900), nested(50), chained(50)])
def test_many_parts_and_some_depth_are_read(mail: bytes) -> None:
    assert parse_mail(mail).subject == "x"


def test_a_depth_that_the_scan_cannot_see_is_refused_too() -> None:
    folded = b"From: a@example.com\r\n" + b"Content-Type:\r\n message/rfc822\r\n\r\n" * 5000
    with pytest.raises(Unreadable):
        parse_mail(folded)


def test_fifty_thousand_recipients_are_read_in_a_second_and_few_are_kept() -> None:
    many = ",\r\n ".join(f"user{number}@example.org" for number in range(50_000))
    mail = f"From: a@example.com\r\nCc: {many}\r\nSubject: x\r\n\r\nhello\r\n".encode()
    began = time.process_time()
    read = parse_mail(mail)
    assert time.process_time() - began < 1
    assert (len(read.cc), read.subject, read.text.strip()) == (48, "x", "hello")
    assert read.defects == ("header cut",)


@pytest.mark.parametrize(
    "field", ["References", "In-Reply-To", "Subject", "Content-Type", "X-A", "From", "Date"]
)
@pytest.mark.parametrize(
    "piece", ["<a@b> ", "<a    ", "=?utf-8?q?", "=?utf-8?q?=3F?=", 'a="', "a*0*=", "(", "\t"]
)
def test_long_fields_cost_little(field: str, piece: str) -> None:
    mail = f"{field}: {fill(piece, 120_000)}\r\nFrom: a@example.com\r\n\r\nhi".encode()
    assert min(cpu(lambda: check(parse_mail(mail))) for _ in range(2)) < 1


def test_two_hundred_thousand_header_lines_are_cut() -> None:
    mail = b"X-A: b\r\n" * 200_000 + b"From: a@example.com\r\nSubject: x\r\n\r\nhello"
    assert min(cpu(lambda: describe(mail)) for _ in range(2)) < 2
    assert parse_mail(mail).subject == "x"


def test_a_long_plain_text_full_of_dashes_has_no_parts() -> None:
    text = "-- a comment\n" * 5000
    assert parse_mail(letter(text)).text.count("comment") == 5000
