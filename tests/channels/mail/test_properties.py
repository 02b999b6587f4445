"""Whatever comes in: it is read or refused, storable, and no word is lost."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.mail.addresses import parse_addresses
from channels.mail.decode import decode_text, header_text
from channels.mail.html_text import html_lines, text_of
from channels.mail.parameters import parameters, safe_name
from channels.mail.quotes_plain import plain_lines, split_reply
from channels.mime import describe

FIELDS = st.sampled_from(
    ["From", "To", "Subject", "Content-Type", "Content-Disposition", "Date", "Message-ID", "References",
     "Content-Transfer-Encoding", "Auto-Submitted", "Return-Path", "Cc"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["multipart/mixed; boundary=b", "multipart/report; report-type=delivery-status; boundary=b", "text/html",
         "message/rfc822", "message/delivery-status", "base64", "quoted-printable", "x-uuencode",
         "text/plain; charset=utf-16", "attachment; filename*0*=utf-8''%E5", "=?gb2312?B?xOO6?=", "<>"]
    ),
)  # fmt: skip
LINES = st.sampled_from(
    ["> quoted", "On 3 Feb 2026, Bob <b@example.org> wrote:", "From: Bob <b@example.org>", "Sent: today 10:00",
     "To: Ann", "Subject: x", "-----Original Message-----", "-- ", "--b", "--b--", "", "words here", "发件人: 张三",
     "________________", "Sent from my iPhone", "Regards,", "Ann", "<blockquote>q</blockquote>", "<div id=divRplyFwdMsg>"]
)  # fmt: skip
BODIES = st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=25).map("\n".join)
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts(one)]
    return []


def letters(text: str) -> list[str]:
    return sorted(re.sub(r"[\s>]", "", text))


@relaxed
@given(st.binary(max_size=600))
def test_any_bytes_are_a_mail(data: bytes) -> None:
    for text in texts(describe(data)):
        assert "\x00" not in text
        text.encode()


@relaxed
@given(st.lists(st.tuples(FIELDS, VALUES), max_size=8), BODIES)
def test_any_fields_and_lines_are_a_mail(fields: list[tuple[str, str]], body: str) -> None:
    head = "\r\n".join(f"{name}: {value}" for name, value in fields)
    told = describe(f"{head}\r\n\r\n{body}".encode("utf-8", "replace"))
    for text in texts(told):
        assert "\x00" not in text
        text.encode()
    if not told["defects"]:
        assert letters(told["text"]) == letters(told["reply_text"] + told["quoted_text"])


@relaxed
@given(BODIES)
def test_splitting_loses_no_word(body: str) -> None:
    split = split_reply(plain_lines(body))
    assert letters(body) == letters(split.reply + split.quoted)
    assert split.reply.strip() or not body.strip()


@relaxed
@given(
    st.lists(
        st.one_of(
            LINES,
            st.sampled_from(
                [
                    "<p>",
                    "</p>",
                    "<br>",
                    "<table><tr><td>",
                    "</blockquote>",
                    "<!-- x",
                    "&amp;",
                    "<hr>",
                ]
            ),
            st.text(max_size=20),
        ),
        max_size=30,
    ).map("".join)
)
def test_splitting_html_loses_no_word(markup: str) -> None:
    lines = html_lines(markup)
    split = split_reply(lines)
    assert letters(text_of(lines)) == letters(split.reply + split.quoted)


@relaxed
@given(
    st.text(max_size=200),
    st.binary(max_size=80),
    st.sampled_from(["utf-8", "gbk", "utf-16", "iso-2022-jp", "hz", "utf-7", "", "x"]),
)
def test_the_small_parts_never_raise(text: str, data: bytes, label: str) -> None:
    decode_text(data, label).encode()
    header_text(text).encode()
    header_text(f"=?{label}?Q?{text}?=").encode()
    parse_addresses(text)
    parameters(f"a/b; {text}")
    assert not set(safe_name(text)) & set("/\\\x00\r\n")
