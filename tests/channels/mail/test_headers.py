"""Who wrote, to whom, and about what."""

import time

import pytest

from channels.mail.addresses import parse_addresses
from channels.mail.headers import clean_subject
from channels.mime import parse_mail
from tests.channels.mail.letters import letter, raw


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("Ann <ann@example.com>", [("Ann", "ann@example.com")]),
        (
            '"Example, Ann" <ann@example.com>, bob@example.org',
            [("Example, Ann", "ann@example.com"), ("", "bob@example.org")],
        ),
        ("ann@example.com (Ann Example)", [("Ann Example", "ann@example.com")]),
        ("=?utf-8?B?5byg5LiJ?= <zhang@example.cn>", [("张三", "zhang@example.cn")]),
        ('"=?utf-8?Q?Ann=2C_Example?=" <ann@example.com>', [("Ann, Example", "ann@example.com")]),
        (
            "Team: Ann <ann@example.com>, bob@example.org;",
            [("Ann", "ann@example.com"), ("", "bob@example.org")],
        ),
        ("undisclosed-recipients:;", []),
        ("<ann@example.com>", [("", "ann@example.com")]),
        ("Ann ann@example.com", [("Ann", "ann@example.com")]),
        ("'Ann' <ann@example.com>", [("Ann", "ann@example.com")]),
        ('"ann@good.example" <bob@evil.example>', [("ann@good.example", "bob@evil.example")]),
        ("Ann < ann@example.com >", [("Ann", "ann@example.com")]),
        ("<@a.example,@b.example:ann@example.com>", [("", "ann@example.com")]),
        ("Ann Example", [("Ann Example", "")]),
        ("", []),
    ],
)
def test_address_lists_are_read(value: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_addresses(value) == pairs


@pytest.mark.parametrize("noise", ["(", "<", '"', "a <", "\\", ",", "(a)", '"a', ":", "@", "a@"])
def test_ten_kilobytes_of_noise_cost_no_time(noise: str) -> None:
    began = time.process_time()
    parse_addresses(noise * (10_240 // len(noise)))
    assert time.process_time() - began < 0.5


def test_from_is_the_sender_and_reply_to_is_only_noted() -> None:
    mail = parse_mail(letter(reply_to="Eve <eve@evil.example>"))
    assert (mail.from_email, mail.from_name) == ("ann@example.com", "Ann Example")
    assert mail.reply_to == (("Eve", "eve@evil.example"),)


def test_reply_to_speaks_when_from_has_no_address() -> None:
    mail = parse_mail(raw("From: Contact form\nReply-To: ann@example.com\nSubject: x", "hi"))
    assert (mail.from_email, mail.from_name) == ("ann@example.com", "Contact form")


def test_every_recipient_field_is_looked_at() -> None:
    mail = parse_mail(
        raw(
            "From: ann@example.com\nTo: A@example.org\nCc: b@example.org\nDelivered-To: c@example.org\n"
            "X-Original-To: d@example.org\nEnvelope-To: e@example.org\nX-Forwarded-To: f@example.org\n"
            "X-Gm-Original-To: g@example.org\nBcc: h@example.org",
            "hi",
        )
    )
    assert {one[0] for one in mail.recipients} == set("abcdefgh")


def test_a_missing_message_id_is_derived_from_the_bytes() -> None:
    first = parse_mail(letter("one", message_id=""))
    again = parse_mail(letter("one", message_id=""))
    other = parse_mail(letter("two", message_id=""))
    assert not first.has_own_message_id
    assert first.message_id == again.message_id != other.message_id
    assert first.message_id.endswith("@example.com")


@pytest.mark.parametrize("value", ["<a@b@c>", "a@b", "< a@b >", "<a@\r\n b>", "<no-at-sign>"])
def test_odd_message_ids_are_kept(value: str) -> None:
    mail = parse_mail(raw(f"From: ann@example.com\nMessage-ID: {value}", "hi"))
    assert mail.has_own_message_id
    assert not set(mail.message_id) & set("<> \r\n")


def test_the_last_fifty_references_are_kept() -> None:
    many = " ".join(f"<{number}@example.com>" for number in range(200))
    references = parse_mail(letter(references=many)).references
    assert len(references) == 50
    assert references[-1] == "199@example.com"


@pytest.mark.parametrize(
    ("subject", "clean"),
    [
        ("Re: Order", "Order"),
        ("AW: Re[2]: WG: Order", "Order"),
        ("回复：转发: 订单", "订单"),
        ("SV: VS: Fwd: Order", "Order"),
        ("Re:", "Re:"),
        ("Refund: please", "Refund: please"),
        ("RE: RE: RE: RE: x", "x"),
    ],
)
def test_marks_of_reply_and_forward_are_taken_off(subject: str, clean: str) -> None:
    assert clean_subject(subject) == clean


def test_a_subject_is_one_line() -> None:
    mail = parse_mail(
        raw("From: ann@example.com\nSubject: one\n two\n =?utf-8?Q?three=0D=0ABcc:_x?=")
    )
    assert mail.subject == "one two three Bcc: x"


def test_an_impossible_date_is_no_date() -> None:
    assert parse_mail(letter(date="")).date is None
    assert parse_mail(raw("From: a@example.com\nDate: 99 Foo 99999 99:99:99 +9999")).date is None
