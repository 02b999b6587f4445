"""WeChat's calls, in both modes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels import stale
from channels.base import Forged, Unreadable
from channels.happenings import OptedIn, OptedOut, Pressed, Unknown
from channels.mailboxes.health import exposition
from channels.proofs import sorted_sha1
from channels.wechat.crypt import seal, unseal
from people.operations import Address
from support.redis import client
from tests.channels.adapters.wechat_calls import (
    AES_KEY,
    OPENID,
    PLAIN,
    SEALED,
    TOKEN,
    call,
    encrypted,
    make,
    parse,
    xml,
)  # fmt: skip
from tickets.inbound import InboundMessage

#: Published by wechatpy (MIT) with its own tests.
VECTOR = {
    "token": "123456",
    "aes_key": "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
    "app_id": "wx49f0ab532d5d035a",
}
VECTOR_XML = (
    b"<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n"
    b"<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n"
    b"<ToUserName><![CDATA[messense]]></ToUserName>\n<AgentID>1</AgentID>\n"
    b"<CreateTime>1411525903</CreateTime>\n</xml>"
)


def test_the_published_vectors() -> None:
    adapter = make(**VECTOR)
    echo = (
        "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
    )
    query = {
        "timestamp": "1411443780",
        "nonce": "437374425",
        "msg_signature": "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
        "echostr": echo,
    }
    tried = call(b"", method="GET", query=query)
    reply = adapter.handshake(tried)
    assert reply is not None
    assert reply.body == b"5927782489442352469"
    with pytest.raises(Forged):
        adapter.handshake(replace(tried, query={**query, "timestamp": "1411443781"}))
    sealed = seal(VECTOR_XML, VECTOR["aes_key"], VECTOR["app_id"], salt=b"1234567890123456")
    assert sealed.startswith("9s4gMv99m88kKTh/H8IdkOiMg6bisoy3")
    proof = sorted_sha1("123456", "1411525903", "461056294", sealed)
    assert proof == "407518b7649e86ef23978113f92d27afa9296533"
    assert unseal(sealed, VECTOR["aes_key"], VECTOR["app_id"]) == VECTOR_XML


def test_an_address_is_tried_out_in_plain_words_in_both_modes() -> None:
    for adapter in (SEALED, PLAIN):
        tried = call(b"", method="GET")
        query = {**tried.query, "echostr": "5678"}
        del query["msg_signature"]
        reply = adapter.handshake(replace(tried, query=query))
        assert reply is not None
        assert (reply.body, reply.content_type) == (b"5678", "text/plain; charset=utf-8")
        with pytest.raises(Forged):
            adapter.handshake(replace(tried, query={**query, "nonce": "1"}))
        assert adapter.handshake(call(b"", method="GET")) is None
    assert PLAIN.answer(call(b"")).body == b"success"


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_a_plain_call_is_proved_by_its_query(name: str) -> None:
    told = call(xml(MsgType="text"))
    PLAIN.verify(told)
    for value in ("", told.query[name][:5], "0"):
        with pytest.raises(Forged):
            PLAIN.verify(replace(told, query={**told.query, name: value}))
    missing = {key: value for key, value in told.query.items() if key != name}
    with pytest.raises(Forged):
        PLAIN.verify(replace(told, query=missing))


def test_an_encrypted_call_is_proved_by_what_is_encrypted() -> None:
    told = encrypted(xml(MsgType="text"))
    SEALED.verify(told)
    other = encrypted(xml(MsgType="text", Content="other"))
    for body in (other.body, told.body.replace(b"</Encrypt>", b"A</Encrypt>"), told.body[:-30]):
        with pytest.raises(Forged):
            SEALED.verify(replace(told, body=body))
    with pytest.raises(Forged):
        SEALED.verify(replace(told, query={**told.query, "msg_signature": ""}))
    with pytest.raises(Forged):
        SEALED.verify(encrypted(xml(), token="somebody-else"))


def test_who_chooses_the_plain_mode_is_no_further() -> None:
    with pytest.raises(Forged):
        SEALED.verify(call(xml(MsgType="text", Content="forged")))


def test_what_stands_around_the_encrypted_says_nothing() -> None:
    told = encrypted(xml(MsgType="text", Content="true", MsgId="1"))
    more = b"<xml><Content>false</Content><MsgType>text</MsgType><FromUserName>x</FromUserName>"
    changed = replace(told, body=told.body.replace(b"<xml>", more))
    SEALED.verify(changed)
    [message] = parse(changed.body, SEALED)
    assert (message.text, message.thread) == ("true", OPENID)


def test_a_call_for_another_account_or_with_another_key_is_refused() -> None:
    other_key = AES_KEY[:-4] + "AAAA"
    for told in (encrypted(xml(), app_id="wx2"), encrypted(xml(), key=other_key)):
        with pytest.raises(Forged):
            SEALED.verify(told)
        with pytest.raises(Unreadable):
            parse(told.body, SEALED)
    with pytest.raises(Forged):
        make(aes_key="too-short").verify(encrypted(xml()))


def test_both_secrets_may_be_two_while_they_change() -> None:
    new_key = AES_KEY[:-4] + "AAAA"
    changing = make(token=f"new, {TOKEN}", aes_key=f"{new_key},{AES_KEY}")
    for key in (AES_KEY, new_key):
        told = encrypted(xml(MsgType="text", Content="hi", MsgId="1"), key=key)
        changing.verify(told)
        assert parse(told.body, changing)[0].text == "hi"


def test_an_old_call_is_counted_and_taken() -> None:
    client().delete("stale-calls")
    PLAIN.verify(call(xml(), at=timezone.now() + timedelta(minutes=4)))
    assert stale.counts() == {}
    PLAIN.verify(call(xml(), at=timezone.now() + timedelta(minutes=6)))
    assert stale.counts() == {"wechat": 1}


@pytest.mark.django_db
def test_old_calls_are_told_to_prometheus() -> None:
    client().delete("stale-calls")
    stale.note("wechat", "1795300000", timezone.now() + timedelta(days=400))
    stale.note("wechat", "no time", timezone.now())
    assert b'harbour_stale_calls_total{kind="wechat"} 1.0' in exposition()


def test_a_text() -> None:
    [message] = parse(xml(MsgType="text", Content="充值没到账 😀 <b>&", MsgId="23456789012345678"))
    assert message == InboundMessage(
        external_id="23456789012345678",
        sender=Address("wechat", OPENID),
        text="充值没到账 😀 <b>&",
        sent_at=datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC),
        thread=OPENID,
        is_verified=True,
        receipt_id=7,
        meta={"door": "wechat"},
    )


@pytest.mark.parametrize(
    ("fields", "text", "name", "source"),
    [
        ({"MsgType": "image", "PicUrl": "http://p.example.com/1", "MediaId": "m1"}, "", "image.jpg", {"media_id": "m1", "url": "http://p.example.com/1"}),
        ({"MsgType": "voice", "Format": "amr", "MediaId": "m2"}, "", "voice.amr", {"media_id": "m2"}),
        ({"MsgType": "voice", "MediaId": "m2", "Recognition": "我的钱呢"}, "我的钱呢", "voice.amr", {"media_id": "m2"}),
        ({"MsgType": "video", "MediaId": "m3", "ThumbMediaId": "t"}, "", "video.mp4", {"media_id": "m3"}),
        ({"MsgType": "shortvideo", "MediaId": "m4", "ThumbMediaId": "t"}, "", "video.mp4", {"media_id": "m4"}),
    ],
)  # fmt: skip
def test_files(fields: dict[str, str], text: str, name: str, source: dict[str, str]) -> None:
    [message] = parse(xml(MsgId="9", **fields))
    [found] = message.files
    assert (message.text, found.name, found.source) == (text, name, source)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"MsgType": "location", "Location_X": "23.1", "Location_Y": "113.3", "Scale": "20", "Label": "广州"}, "广州\nhttps://maps.google.com/?q=23.1,113.3"),
        ({"MsgType": "link", "Title": "Help", "Description": "Help", "Url": "https://example.com/a"}, "Help\nhttps://example.com/a"),
    ],
)  # fmt: skip
def test_what_has_no_words_of_its_own(fields: dict[str, str], text: str) -> None:
    assert parse(xml(MsgId="9", **fields))[0].text == text


def event(name: str, **fields: str) -> list[Any]:
    return parse(xml(MsgType="event", Event=name, **fields))


def test_events() -> None:
    [followed] = event("subscribe")
    assert type(followed) is OptedIn
    assert followed.sender == Address("wechat", OPENID)
    assert followed.external_id == f"event:{OPENID}:1795300000:subscribe"
    [left] = event("unsubscribe")
    assert type(left) is OptedOut
    followed, scanned = event("subscribe", EventKey="qrscene_desk-7", Ticket="t")
    assert type(followed) is OptedIn
    assert (type(scanned), scanned.payload) == (Pressed, "qrscene_desk-7")
    assert followed.external_id != scanned.external_id
    for name in ("SCAN", "CLICK", "VIEW", "scancode_waitmsg"):
        [pressed] = event(name, EventKey="HELP")
        assert (type(pressed), pressed.payload, pressed.thread) == (Pressed, "HELP", OPENID)
    inside = b"<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>T-1</ScanResult></ScanCodeInfo></xml>"
    body = xml(MsgType="event", Event="scancode_push", EventKey="S").replace(b"</xml>", inside)
    assert parse(body)[0].text == "T-1"


def test_what_nobody_knows_is_kept() -> None:
    [told] = event("LOCATION", Latitude="23.1", Longitude="113.3")
    assert (type(told), told.what) == (Unknown, "event location")
    [told] = parse(xml(MsgType="hologram", MsgId="1"))
    assert (type(told), told.what) == (Unknown, "message hologram")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"<xml>", b"<xml/>", xml(MsgType="text", Content="x", CreateTime="soon"),
        xml(MsgType="text", Content="x", CreateTime="9" * 30),
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml(MsgType="text", Content="x"),
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">' + xml(MsgType="text", Content="x"),
        xml(MsgType="text", Content="x" * 300_000),
    ],
)  # fmt: skip
def test_what_is_no_call_of_wechats(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_no_entity_is_put_in() -> None:
    asked = b'<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/hostname">]><xml><MsgType>&e;</MsgType></xml>'
    with pytest.raises(Unreadable):
        parse(asked)


def test_characters_that_xml_forbids_are_left_out() -> None:
    assert parse(xml(MsgType="text", Content="a\x08b\ufffec", MsgId="1"))[0].text == "abc"
