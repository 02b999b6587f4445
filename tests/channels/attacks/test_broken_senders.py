"""Row 7: a From field that two readers read differently (CVE-2023-27043 and its kin)."""

from __future__ import annotations

import random
import re

import pytest

from channels.base import RawCall, Unreadable
from channels.mime import parse_mail
from channels.senders import sender_of
from tests.counting import LINEAR, growth

MALFORMED = [
    "a@good.com]b@evil.example", '"a@good.com"]b@evil.example', "a@good.org(<b@evil.example)",
    "a@good.org)b@evil.example", "a@good.org<b@evil.example", "a@good.org><b@evil.example",
    "a@good.org@evil.example", "<a@good.org> b@evil.example", "<a@good.org>, b@evil.example",
    '"a@good.org" <b@evil.example>', "a@good.org <b@evil.example>", "a@good.com (b@evil.example)",
    "=?utf-8?q?a=40good=2Eorg?= <b@evil.example>", "a@good.org;b@evil.example",
    "=?utf-8?q?a=40good=2Eorg=2C?= <b@evil.example>", "a@good.org b@evil.example",
    "<a@good.org<b@evil.example>>", '"a@good.org" b@evil.example', "@good.org:b@evil.example",
    "<@good.org,@also.org:b@evil.example>", "a@good.org\t<b@evil.example>",
    "group: a@good.org, b@evil.example;", '"a\\"@good.org" <b@evil.example>',
    "a@[good.org]b@evil.example", "a@good.org,b@evil.example", "a@good.org:b@evil.example",
    "mailto:a@good.org", "<mailto:b@evil.example>", "a@good.org.", "a@@evil.example",
    "@evil.example", "a@", "@", "@@@@", '"<a@good.org>" <b@evil.example>', "a@good.org <>",
    "Ann <a@good.org", "Ann a@good.org>", "(a@good.org) b@evil.example",
    "b@evil.example (a@good.org", '"a@good.org', '<"a@good.org"@evil.example>',
    '"a@good.org"@evil.example', "a@good.org\\@evil.example", "a@good.org%evil.example",
    "<a@good.org>@evil.example", "a @ evil.example", "a@ evil.example", "a\x00@good.org",
    "=?utf-8?b?YUBnb29kLm9yZw==?=", "=?utf-8?q?a=40good=2Eorg?=@evil.example",
    "a@good.org =?utf-8?q?=3Cb=40evil=2Eexample=3E?=", "a@good.org<b@evil.example>c@third.org",
    "a@evil.example (see (nested @good.org))", "A <a@good.org> B <b@evil.example>",
    "<b@evil.example> (x) <a@good.org>", "a\uff20good.org <b@evil.example>", "a\uff20good.org",
    "a@good\u3002org", '""@evil.example', "a..b@evil.example", "(" * 300 + "a@good.org",
    "<" * 5000 + "b@evil.example", "a@good.org," * 900 + "b@evil.example",
]  # fmt: skip
LAST = re.compile(r"@([\w.-]+)")


def judged(field: str) -> str | None:
    """The sender, or None when the mail is kept from filing."""
    raw = b"From: " + field.encode() + b"\r\nTo: support@example.com\r\n\r\nhello\r\n"
    call = RawCall(body=raw, meta={"mail_from": "envelope@third.example"}, receipt_id=1)
    try:
        return sender_of(parse_mail(raw), call).value
    except Unreadable:
        return None


@pytest.mark.parametrize("field", MALFORMED, ids=range(len(MALFORMED)))
def test_the_sender_is_of_the_last_domain_or_nobody(field: str) -> None:
    sender = judged(field)
    if sender is None or sender == "envelope@third.example":
        return
    plain = field.replace(" ", "").replace("=2E", ".").replace("=3E?=", "").replace("=40", "@")
    if "YUBnb29kLm9yZw" in field:
        plain = "a@good.org"
    assert sender.rpartition("@")[2] == LAST.findall(plain)[-1].lower().strip(".")


def test_the_ordinary_ways_to_write_an_address_are_believed() -> None:
    for field in (
        "ann@example.org", "Ann <ann@example.org>", '"Ann, of Kettles" <ann@example.org>',
        "ann@example.org (Ann)", "<ann@example.org>", "ann@example.org <ann@example.org>",
        '"ann@example.org" <ann@example.org>', "=?utf-8?b?5p2O?= <ann@example.org>",
        "Ann\r\n\t<ann@example.org>", "ANN@Example.ORG",
    ):  # fmt: skip
        assert judged(field) == "ann@example.org", field


def test_fields_of_random_marks_never_raise() -> None:
    chance = random.Random(7)
    marks = ["a@good.org", "b@evil.example", *'<>()[],;:"\\@. \t', "=?utf-8?q?=40?="]
    for _ in range(3000):
        sender = judged("".join(chance.choices(marks, k=chance.randrange(1, 12))))
        assert sender is None or sender.count("@") == 1


@pytest.mark.parametrize("mark", ["(", "<", '"', "a", "@", "\\", ","])
def test_a_from_field_of_ten_thousand_letters_costs_no_more_than_its_length(mark: str) -> None:
    assert growth(judged, mark, pieces=1250) <= LINEAR
