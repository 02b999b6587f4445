"""X's signature and challenge, what its events say, and how it is asked for them."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from channels.adapters.x import X
from channels.base import Forged, RawCall, Unreadable, WebhookCall
from channels.happenings import Deleted, Echo, Progress, Revoked, Unknown
from tests.channels.adapters.answering import Provider, answering_provider
from tickets.inbound import InboundMessage

OWN, ANN, CONSUMER = "1111", "222222", "s3cr3t"
TALK = f"{OWN}-{ANN}"
SETTINGS: dict[str, Any] = {
    "user_id": OWN, "consumer_secret": CONSUMER, "client_id": "client", "access_token": "old-token",
    "refresh_token": "old-refresh",
}  # fmt: skip
ADAPTER = X(**SETTINGS)
BODY = b'{"data":{"event_type":"dm.received","payload":{"x":"\\u5145"}}}'


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with answering_provider(settings) as provider:
        yield provider


def proof(body: bytes, secret: str = CONSUMER) -> str:
    digest = hmac.digest(secret.encode(), body, "sha256")
    return "sha256=" + base64.b64encode(digest).decode()


def webhook(body: bytes = b"", claimed: str = "", method: str = "POST", **query: str) -> Any:
    return WebhookCall(
        method=method, url="https://desk.example.com/hooks/1/", query=query, body=body,
        headers={"X-Twitter-Webhooks-Signature": claimed} if claimed else {}, at=timezone.now(),
    )  # fmt: skip


def event(kind: str, payload: object, **more: object) -> dict[str, Any]:
    told = {"event_uuid": "9", "filter": {"user_id": OWN}, "event_type": kind, "payload": payload}
    return {"data": {**told, **more}}


def direct(text: str = "hello!", sender: str = ANN, number: str = "20") -> dict[str, Any]:
    to = ANN if sender == OWN else OWN
    made = {"target": {"recipient_id": to}, "sender_id": sender, "message_data": {"text": text}}
    return {
        "type": "message_create", "id": number, "created_timestamp": "1784928224372",
        "message_create": made,
    }  # fmt: skip


def post(**values: object) -> dict[str, Any]:
    return {
        "id": "30", "author_id": ANN, "text": "hey @harbour", "conversation_id": "29",
        "created_at": "2026-07-24T21:23:23.000Z", "lang": "und", **values,
    }  # fmt: skip


def parse(body: object) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(ADAPTER.parse(RawCall(body=raw, meta={}, receipt_id=7)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: (body, ""),
        lambda body: (body, proof(body)[:-4]),
        lambda body: (body, proof(body).removeprefix("sha256=")),
        lambda body: (body, proof(body, "another")),
        lambda body: (json.dumps(json.loads(body), ensure_ascii=False).encode(), proof(body)),
    ],
)
def test_a_call_is_proved_on_its_bytes(spoil: Any) -> None:
    ADAPTER.verify(webhook(BODY, proof(BODY)))
    with pytest.raises(Forged):
        ADAPTER.verify(webhook(*spoil(BODY)))


def test_two_secrets_are_good_while_they_change() -> None:
    both = X(**{**SETTINGS, "consumer_secret": "new-one, s3cr3t"})
    both.verify(webhook(BODY, proof(BODY)))
    both.verify(webhook(BODY, proof(BODY, "new-one")))
    with pytest.raises(Forged):
        X(**{**SETTINGS, "consumer_secret": ""}).verify(webhook(BODY, proof(BODY, "")))


def test_the_challenge() -> None:
    reply = ADAPTER.handshake(webhook(method="GET", crc_token="challenge_string", nonce="n"))
    assert reply is not None
    expected = "sha256=fhIjLK9ik59M+Xj016jtszfD7J1q0eRUaHMPafYeux8="
    assert json.loads(reply.body) == {"response_token": expected}
    assert ADAPTER.handshake(webhook(BODY)) is None


@pytest.mark.parametrize("token", ["", '{"data":{}}', "a b", "x" * 600])
def test_nobody_gets_a_signature_for_a_call_by_a_challenge(token: str) -> None:
    with pytest.raises(Forged):
        ADAPTER.handshake(webhook(method="GET", crc_token=token))


def test_direct_messages_each_on_its_own() -> None:
    people = {ANN: {"data": {"id": ANN, "name": "Ann"}}}
    told = [
        direct(number="20"),
        {"type": "message_create", "id": "21"},
        direct("更多", number="22"),
    ]
    first, broken, second = parse(
        event("dm.received", {"direct_message_events": told, "users": people})
    )
    assert isinstance(first, InboundMessage)
    assert (first.external_id, first.thread, first.sender.name) == ("20", TALK, "Ann")
    assert first.sent_at.isoformat() == "2026-07-24T21:23:44.372000+00:00"
    assert isinstance(broken, Unknown)
    assert second.text == "更多"


def test_our_own_message_is_an_echo() -> None:
    [echo] = parse(event("dm.sent", {"direct_message_events": [direct(sender=OWN)]}))
    assert isinstance(echo, Echo)
    assert (echo.thread, echo.to.value if echo.to else "") == (TALK, ANN)
    [own] = parse(event("post.reply.create", post(author_id=OWN)))
    assert isinstance(own, Echo)


@pytest.mark.parametrize("kind", ["post.mention.create", "post.reply.create"])
def test_a_post_is_public(kind: str) -> None:
    people = {"users": [{"id": ANN, "name": "Ann"}]}
    answered = [{"type": "quoted", "id": "1"}, {"type": "replied_to", "id": "28"}]
    [message] = parse(event(kind, post(referenced_tweets=answered), includes=people))
    assert isinstance(message, InboundMessage)
    assert (message.is_public, message.thread, message.external_id) == (True, "post:29", "30")
    assert (message.references, message.language, message.sender.name) == (("28",), "", "Ann")


def test_an_encrypted_chat_says_plainly_that_it_cannot_be_read() -> None:
    payload = {"id": "8e75", "created_at_msec": "1784841233939", "sender_id": ANN}
    [message] = parse(event("chat.received", {**payload, "encoded_event": "CwABAAAA"}))
    assert isinstance(message, InboundMessage)
    assert "encrypted" in message.text
    assert message.thread == TALK


def test_deleted_revoked_read_and_unknown() -> None:
    [deleted] = parse(event("post.delete", {"id": "30", "author_id": ANN}))
    assert isinstance(deleted, Deleted)
    assert deleted.about == "30"
    when = {"date_time": "2026-07-23T21:44:05+00:00", "app_id": "1"}
    [revoked] = parse(event("oauth.revoke", {**when, "user_id": OWN}, filter={}))
    assert isinstance(revoked, Revoked)
    [other] = parse(event("oauth.revoke", {**when, "user_id": "5"}))
    assert isinstance(other, Unknown)
    told = {"created_timestamp": "1784928224372", "sender_id": ANN, "last_read_event_id": "20"}
    [read] = parse(event("dm.read", {"direct_message_mark_read_events": [told]}))
    assert isinstance(read, Progress)
    assert (read.thread, read.until) == (TALK, read.at)
    [unknown] = parse(event("spaces.start", {}))
    assert isinstance(unknown, Unknown)
    assert parse(event("dm.indicate_typing", {})) == []


def test_the_withdrawn_envelope_is_still_read() -> None:
    old = {
        "id_str": "40", "text": "@harbour hello", "created_at": "Wed Feb 05 08:39:31 +0000 2020",
        "user": {"id": 222222, "name": "Ann"}, "in_reply_to_status_id_str": None,
    }  # fmt: skip
    [message] = parse({"for_user_id": OWN, "tweet_create_events": [old]})
    assert (message.external_id, message.sender.value) == ("40", ANN)
    assert message.sent_at.isoformat() == "2020-02-05T08:39:31+00:00"
    [said] = parse({"for_user_id": OWN, "direct_message_events": [direct()], "users": {}})
    assert said.text == "hello!"


@pytest.mark.parametrize("body", [b"", b"123", b"{", b"[]", b'{"data": 1}'])
def test_what_is_no_event_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_asking_begins_where_we_came_in(provider: Provider) -> None:
    adapter = X(**{**SETTINGS, "polls": True})
    assert ADAPTER.poll("") is None
    shared = {"sender_id": ANN, "dm_conversation_id": TALK, "created_at": "2026-07-24T21:23:23Z"}
    people = {"users": [{"id": ANN, "name": "Ann"}]}
    provider.will({"data": [{"id": "20", "text": "old", **shared}]})
    provider.will({"meta": {"result_count": 0}})
    first = adapter.poll("")
    assert first is not None
    assert first.bodies == ()
    new = [{"id": "22", "text": "b", **shared}, {"id": "21", "text": "a", **shared}]
    provider.answers.clear()
    provider.will({"data": [*new, {"id": "20", "text": "old", **shared}], "includes": people})
    provider.will({"data": [post()], "includes": people})
    second = adapter.poll(first.cursor)
    assert second is not None
    assert json.loads(second.cursor) == {"dm": "22", "post": "30"}
    told = [each for body in second.bodies for each in parse(body)]
    assert [each.text for each in told] == ["a", "b", "hey @harbour"]
    assert {each.sender.name for each in told} == {"Ann"}


def test_files_of_others_are_not_fetched(provider: Provider) -> None:
    provider.will(b"\x89PNG", Content_Type="image/png")
    ADAPTER.fetch({"url": "https://pbs.twimg.com/media/a.png"})
    ADAPTER.fetch({"url": "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.png"})
    assert ["Authorization" in call.headers for call in provider.calls] == [False, True]
    with pytest.raises(OSError, match="not X's"):
        ADAPTER.fetch({"url": "https://example.com/a.png"})
