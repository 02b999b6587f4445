from __future__ import annotations

import pytest

from channels.base import RawCall, Unreadable
from channels.mime import parse_mail
from channels.senders import NOBODY, sender_of
from people.operations import Address
from tests.factories import raw_mail


def sender(raw: bytes, *, relays: tuple[str, ...] = (), mail_from: str = "") -> Address:
    call = RawCall(body=raw, meta={"mail_from": mail_from}, receipt_id=1)
    return sender_of(parse_mail(raw), call, form_relays=relays)


def test_from_is_the_sender_whatever_reply_to_says() -> None:
    mail = raw_mail(Reply_To="Boss <boss@example.net>")
    assert sender(mail) == Address.email("ann@example.org", "Ann")


def test_the_author_behind_a_named_form_is_in_reply_to() -> None:
    mail = raw_mail(From="Shop <form@shop.example>", Reply_To="Bob <bob@example.net>")
    assert sender(mail, relays=("form@shop.example",)) == Address.email("bob@example.net", "Bob")
    assert sender(mail).value == "form@shop.example"
    for broken in ("", "nobody", "a@b@c"):
        mail = raw_mail(From="form@shop.example", Reply_To=broken)
        assert sender(mail, relays=("form@shop.example",)).value == "form@shop.example"


def test_a_mail_without_from_is_of_whoever_it_asks_to_answer_or_the_envelope() -> None:
    assert sender(raw_mail(From="", Reply_To="bob@example.net")).value == "bob@example.net"
    assert sender(raw_mail(From=""), mail_from="eve@example.net").value == "eve@example.net"
    with pytest.raises(Unreadable):
        sender(raw_mail(From="Somebody"))


def test_a_report_of_nobody_has_a_sender_all_the_same() -> None:
    report = raw_mail(
        From="MAILER-DAEMON <>",
        Subject="Undelivered Mail Returned to Sender",
        Return_Path="<>",
        Content_Type="multipart/report; report-type=delivery-status; boundary=x",
        text="--x\r\n\r\nfailed\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; ann@example.org\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--x--",
    )
    assert sender(report).value == NOBODY


def test_two_writers_are_nobody() -> None:
    with pytest.raises(Unreadable, match="more than one way"):
        sender(raw_mail(From="ann@example.org, eve@example.net"))
    with pytest.raises(Unreadable, match="more than one way"):
        sender(b"From: eve@example.net\r\n" + raw_mail())


def test_a_list_that_puts_itself_into_from_names_the_author() -> None:
    mail = raw_mail(
        From="Ann via Kettles <kettles@lists.example.net>",
        Reply_To="Ann <ann@example.org>, kettles@lists.example.net",
        X_Mailman_Version="2.1.39",
        X_BeenThere="kettles@lists.example.net",
    )
    assert sender(mail) == Address.email("ann@example.org", "Ann")
    group = raw_mail(
        From="'Ann' via Kettles <kettles@lists.example.net>",
        X_Original_From="Ann <ann@example.org>",
        Reply_To="Ann <ann@example.org>",
    )
    assert sender(group).value == "ann@example.org"
