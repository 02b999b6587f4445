"""Standard Webhooks both ways, who a person is, what an app tells and what it answers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels.adapters.app import App
from channels.base import Forged, OutboundFile, Outcome, RawCall, Unreadable, WebhookCall
from channels.happenings import Deleted, Edited, OptedIn, OptedOut, Pressed, Progress, Unknown
from channels.own_app import signing
from channels.own_app.identity import issue
from tests.channels.adapters.answering import Provider, answering_provider, outbound
from tickets.inbound import InboundMessage

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_c29tZWJvZHktZWxzZQ=="
VOUCHES = "vouches"
ADAPTER = App(
    url="https://app.example.com/in", webhook_secret=SECRET, our_secret=SECRET,
    identity_secret=VOUCHES,
)  # fmt: skip


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with answering_provider(settings) as provider:
        yield provider


def webhook(body: bytes, headers: dict[str, str], at: datetime | None = None) -> WebhookCall:
    url = "https://desk.example.com/hooks/1/"
    return WebhookCall(
        method="POST", url=url, query={}, headers=headers, body=body, at=at or timezone.now()
    )


def signed(body: bytes, secret: str = SECRET, number: str = "msg_1") -> dict[str, str]:
    return signing.headers_for(secret, number, str(int(time.time())), body)


def token(secret: str = VOUCHES, **claims: object) -> str:
    now = int(time.time())
    known = {"sub": "u-7", "iat": now, "exp": now + 600, "nonce": f"n-{time.time_ns()}"}
    return issue(secret, {**known, **claims})


def told(kind: str = "message.created", user: object = None, **data: object) -> dict[str, Any]:
    known = {"id": "m-1", "thread": "t-1", "user": user or {"id": "u-7", "name": "Ann"}}
    return {"type": kind, "timestamp": "2026-11-21T10:00:00Z", "data": {**known, **data}}


def parse(body: object) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(ADAPTER.parse(RawCall(body=raw, meta={}, receipt_id=7)))


def call(body: dict[str, Any], **values: Any) -> WebhookCall:
    raw = json.dumps(body).encode()
    return webhook(raw, signed(raw, **values))


def test_the_published_signature() -> None:
    """Of the specification's own tests."""
    body, at = b'{"test": 2432232314}', "1614265330"
    headers = {
        "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "Webhook-Timestamp": at,
        "Webhook-Signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,x",
    }
    now = datetime.fromtimestamp(int(at), UTC)
    signing.require(headers, SECRET, body, now)
    for moment in (now + timedelta(seconds=301), now - timedelta(seconds=301)):
        with pytest.raises(Forged):
            signing.require(headers, SECRET, body, moment)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
@pytest.mark.parametrize("spoil", [lambda value: "", lambda value: value[:-3], lambda value: "é"])
def test_no_other_proof_is_taken(name: str, spoil: Any) -> None:
    body = json.dumps(told(text="hello")).encode()
    headers = signed(body)
    ADAPTER.verify(webhook(body, headers))
    with pytest.raises(Forged):
        ADAPTER.verify(webhook(body, {**headers, name: spoil(headers[name])}))


def test_the_same_meaning_in_other_bytes_is_refused() -> None:
    body = json.dumps(told(text="充值")).encode()
    other = json.dumps(told(text="充值"), ensure_ascii=False).encode()
    with pytest.raises(Forged):
        ADAPTER.verify(webhook(other, signed(body)))
    with pytest.raises(Forged):
        ADAPTER.verify(webhook(body, signed(body, OTHER)))


def test_two_secrets_are_good_while_they_change() -> None:
    both = App(url="https://x.example", webhook_secret=f"{OTHER}, {SECRET}", our_secret=SECRET)
    body = json.dumps(told(text="hello")).encode()
    both.verify(webhook(body, signed(body)))
    both.verify(webhook(body, signed(body, OTHER)))
    for secret in ("", "whsec_", "whsec_no base64!"):
        with pytest.raises(Forged):
            App(url="x", webhook_secret=secret, our_secret="").verify(webhook(body, signed(body)))


def test_who_is_vouched_for() -> None:
    body = told(user={"identity": token(email="Ann@example.org", name="Ann")}, text="hello")
    ADAPTER.verify(call(body))
    [message] = parse(body)
    assert isinstance(message, InboundMessage)
    assert (message.is_verified, message.sender.value, message.sender.name) == (True, "u-7", "Ann")
    assert [each.value for each in message.also] == ["ann@example.org"]


def test_who_is_not_vouched_for_proves_no_address() -> None:
    user = {"id": "u-7", "name": "Ann", "email": "ann@example.org"}
    [message] = parse(told(user=user, text="hello"))
    assert (message.is_verified, message.also, message.sender.value) == (False, (), "u-7")


NOW = int(time.time())


@pytest.mark.parametrize(
    "identity",
    [
        lambda: token("another-secret"),
        lambda: token(exp=int(time.time()) + 601),
        lambda: token(iat=NOW - 1000, exp=NOW - 500),
        lambda: token(iat=NOW + 500, exp=NOW + 900),
        lambda: token(sub=""),
        lambda: token(nonce=""),
        lambda: token(exp="soon"),
        lambda: token(sub="u-8"),
        lambda: token()[:-4],
        lambda: token().rpartition(".")[0] + ".",
        lambda: "x",
        lambda: "x" * 5000,
        lambda: 7,
    ],
)
def test_an_identity_that_proves_nothing_is_refused(identity: Any) -> None:
    body = told(user={"id": "u-7", "identity": identity()}, text="hello")
    with pytest.raises(Forged):
        ADAPTER.verify(call(body))


def test_an_identity_without_a_secret_to_check_it_is_refused() -> None:
    bare = App(url="https://x.example", webhook_secret=SECRET, our_secret=SECRET)
    body = told(user={"identity": token("")}, text="hello")
    with pytest.raises(Forged):
        bare.verify(call(body))


def test_an_identity_is_good_for_one_call_and_its_repetitions() -> None:
    body = told(user={"identity": token()}, text="hello")
    for _ in range(2):
        ADAPTER.verify(call(body))
    with pytest.raises(Forged, match="used before"):
        ADAPTER.verify(call(body, number="msg_2"))


def test_a_message_with_a_file() -> None:
    file = {"url": "https://app.example.com/f/1", "name": "a.png", "content_type": "image/png"}
    [message] = parse(told(text="", files=[file], reply_to="m-0", language="zh-CN"))
    assert (message.thread, message.references, message.language) == ("t-1", ("m-0",), "zh-CN")
    assert message.files[0].source == {"url": file["url"]}
    assert message.sent_at == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("message.updated", Edited),
        ("message.deleted", Deleted),
        ("message.delivered", Progress),
        ("message.read", Progress),
        ("button.pressed", Pressed),
        ("user.blocked", OptedOut),
        ("user.unblocked", OptedIn),
        ("user.danced", Unknown),
    ],
)
def test_other_happenings(kind: str, expected: Any) -> None:
    [thing] = parse(told(kind, text="new words", payload="yes"))
    assert type(thing) is expected
    assert (thing.about, thing.thread, thing.sender.value) == ("m-1", "t-1", "u-7")
    assert parse(told(kind, text="new words", payload="yes"))[0].external_id == thing.external_id


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b'{"type":"message.created"}', b'{"type":"message.created","data":{}}']
    + [json.dumps(told(text=value)).encode() for value in ("", 7)]
    + [json.dumps(told(text="x", files=[{"name": "no address"}])).encode()],
)
def test_what_lacks_something_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_an_answer_leaves_signed(provider: Provider) -> None:
    provider.will({})
    file = OutboundFile(name="a.png", content_type="image/png", key="no/such")
    message = outbound("已到账", to="u-7", thread="t-1", in_reply_to="m-1", files=(file,))
    result = provider.send(ADAPTER, message)
    assert (result.outcome, result.external_id) == (Outcome.SENT, "own-1")
    [asked] = provider.calls
    assert asked.path == "app.example.com/in"
    signing.require(asked.headers, SECRET, asked.body, timezone.now())
    assert asked.headers["Webhook-Id"] == "own-1"
    told = asked.json()
    assert told["type"] == "message.created"
    url = told["data"].pop("files")[0]["url"]
    assert url.endswith("/a.png")
    assert told["data"] == {
        "id": "own-1",
        "thread": "t-1",
        "user": {"id": "u-7"},
        "text": "已到账",
        "reply_to": "m-1",
        "is_automatic": False,
    }


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (204, b"", Outcome.SENT),
        (429, b"", Outcome.LATER),
        (503, b"", Outcome.LATER),
        (422, b'{"error":"blocked"}', Outcome.BLOCKED),
        (422, b'{"error":"closed"}', Outcome.CLOSED),
        (422, b'{"error":["?"]}', Outcome.NEVER),
        (404, b"[]", Outcome.NEVER),
        (401, b"", Outcome.SIGN_IN),
        (410, b"", Outcome.SIGN_IN),
        (302, b"", Outcome.SIGN_IN),
        (500, b"oops", Outcome.UNKNOWN),
    ],
)
def test_what_an_answer_means(
    provider: Provider, status: int, said: bytes, outcome: Outcome
) -> None:
    provider.will(said, status, Retry_After="9")
    result = provider.send(ADAPTER, outbound(to="u-7"))
    assert result.outcome is outcome
    if outcome is Outcome.LATER:
        assert result.retry_after == 9.0


def test_trying_it_out(provider: Provider) -> None:
    provider.will({})
    assert ADAPTER.check("https://desk.example.com/hooks/1/") == ""
    assert provider.calls[0].json()["type"] == "ping"
    provider.answers[:] = [(404, b"", {})]
    assert "404" in ADAPTER.check("https://desk.example.com/hooks/1/")
