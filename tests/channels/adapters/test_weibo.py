"""Weibo's pushes, its lists of comments and mentions, and both ways to answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from django.utils import timezone

from channels.base import Adapter, Forged, Outcome, RawCall, Unreadable, WebhookCall
from channels.happenings import Echo, OptedIn, OptedOut, Pressed, Unknown
from people.operations import Address
from support import http
from tests.channels.adapters.meta_calls import Graph, file, outbound, running_graph
from tickets.inbound import InboundMessage

OWN, WHO, POST = 1000000001, 2489518277, 4000000000000001
AT = "Sat Nov 21 22:26:40 +0000 2026"
#: The signature that Weibo's own wiki computes for these values.
VECTOR = {
    "signature": "90e4c22c90a58f26526c2dd5b6c56c8822edeaa1",
    "timestamp": "1397022061823",
    "nonce": "57155157",
}


def make(**values: Any) -> Adapter:
    given = {
        "app_secret": "xyz123xyz",
        "access_token": "messages-token",
        "account_id": str(OWN),
        "account_token": "comments-token",
    }
    return Adapter.registry["weibo"](**given | values)


ADAPTER = make()


def call(**values: Any) -> WebhookCall:
    given = {"method": "POST", "query": VECTOR, "headers": {}, "body": b"{}"} | values
    return WebhookCall(url="https://desk.example.com/hooks/x/", at=timezone.now(), **given)


def parse(told: Any) -> list[Any]:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return list(ADAPTER.parse(RawCall(body=body, meta={}, receipt_id=7)))


def push(kind: str = "text", text: str = "你好", **data: Any) -> dict[str, Any]:
    known = {"receiver_id": OWN, "sender_id": WHO, "created_at": AT}
    return {"type": kind, **known, "text": text, "data": data}


def comment(number: int, **values: Any) -> dict[str, Any]:
    user, post = {"id": WHO, "screen_name": "某人"}, {"id": POST, "user": {"id": OWN}}
    known = {"created_at": AT, "id": number, "text": "我的订单呢", "user": user, "status": post}
    return known | values


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    with running_graph(settings) as graph:
        yield graph


def test_the_published_vector() -> None:
    ADAPTER.verify(call())
    make(app_secret="new,xyz123xyz").verify(call())
    reply = ADAPTER.handshake(call(method="GET", query={**VECTOR, "echostr": "<xyz>"}))
    assert reply is not None
    assert (reply.body, reply.content_type) == (b"<xyz>", "text/plain; charset=utf-8")
    assert ADAPTER.answer(call()).body == b""


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_without_its_proof_a_call_is_refused(name: str) -> None:
    for value in ("", VECTOR[name][:-1], "0"):
        wrong = {**VECTOR, name: value, "echostr": "x"}
        with pytest.raises(Forged):
            ADAPTER.verify(call(query=wrong))
        with pytest.raises(Forged):
            ADAPTER.handshake(call(method="GET", query=wrong))
    with pytest.raises(Forged):
        ADAPTER.verify(call(query={key: v for key, v in VECTOR.items() if key != name}))
    assert ADAPTER.handshake(call(query={**VECTOR, "echostr": "x"})) is None


def test_a_private_message() -> None:
    [message] = parse(push())
    assert replace(message, external_id="") == InboundMessage(
        external_id="",
        sender=Address("weibo", str(WHO)),
        text="你好",
        sent_at=datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC),
        thread=str(WHO),
        is_verified=True,
        receipt_id=7,
        meta={"door": "weibo"},
    )


def test_what_has_no_id_is_told_apart_by_what_it_says() -> None:
    [first] = parse(push())
    reordered = dict(sorted(push().items()))
    assert parse(json.dumps(reordered, indent=1).encode())[0].external_id == first.external_id
    others = [push(text="other"), push() | {"sender_id": 5}, push(key=1)]
    others.append(push() | {"created_at": "Sat Nov 21 22:26:41 +0000 2026"})
    ids = {parse(each)[0].external_id for each in others} | {first.external_id}
    assert len(ids) == 5


def test_places_and_files() -> None:
    [place] = parse(push("position", "我在这里", longitude="116.3", latitude="39.9"))
    assert place.text == "我在这里\nhttps://maps.google.com/?q=39.9,116.3"
    for kind, name in (("image", "image.jpg"), ("voice", "voice.amr")):
        [message] = parse(push(kind, "分享图片", vfid=1, tovfid=2))
        [found] = message.files
        assert (found.name, found.source) == (name, {"fid": "2"})


def test_events() -> None:
    for name, kind in (("follow", OptedIn), ("subscribe", OptedIn), ("unfollow", OptedOut)):
        [told] = parse(push("event", subtype=name))
        assert (type(told), told.sender) == (kind, Address("weibo", str(WHO)))
    for name in ("click", "view", "scan"):
        [told] = parse(push("event", subtype=name, key="HELP"))
        assert (type(told), told.payload) == (Pressed, "HELP")
    followed, scanned = parse(push("event", subtype="scan_follow", key="7"))
    assert (type(followed), type(scanned)) == (OptedIn, Pressed)
    assert followed.external_id != scanned.external_id


def test_what_nobody_knows_is_kept() -> None:
    for told in (push("event", subtype="wave"), push("hologram"), push("text", "")):
        assert type(parse(told)[0]) is Unknown


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{}", b'{"type": "text"}', b'{"comment": {}}', b'{"comment": 1}',
     push() | {"created_at": "yesterday"}, b'{"type": []}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_call_of_weibos(body: Any) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_a_mention_is_the_same_by_push_and_by_list() -> None:
    [pushed] = parse(push("mention", "@客服 我的订单呢", subtype="status", key=POST))
    status = {"id": POST, "text": "@客服 我的订单呢", "created_at": AT, "user": {"id": WHO}}
    [listed] = parse({"status": status})
    assert pushed.external_id == listed.external_id == f"status:{POST}"
    assert pushed.thread == listed.thread == f"{POST}/{WHO}"
    assert pushed.is_public
    assert listed.is_public
    [pushed] = parse(push("mention", subtype="comment", key=77))
    assert pushed.external_id == parse({"comment": comment(77)})[0].external_id


def test_a_comment_names_its_person_post_and_what_it_answers() -> None:
    [message] = parse({"comment": comment(77, reply_comment={"id": 70})})
    assert message.sender == Address("weibo", str(WHO), name="某人")
    assert (message.thread, message.references) == (f"{POST}/{WHO}", ("comment:70",))
    [own] = parse({"comment": comment(78, user={"id": OWN})})
    assert (type(own), own.external_id) == (Echo, "comment:78")


def test_a_private_answer(graph: Graph) -> None:
    graph.will({"result": True, "receiver_id": WHO, "type": "text", "data": {"text": "您好"}})
    message = outbound("您好 😀", to=str(WHO), thread=str(WHO))
    result = graph.send(ADAPTER, message)
    assert (result.outcome, result.external_id) == (Outcome.SENT, "own-1")
    [sent] = graph.calls
    assert sent.path == "m.api.weibo.com/2/messages/reply.json"
    form = dict(parse_qsl(sent.body.decode()))
    assert json.loads(form.pop("data")) == {"text": "您好 😀"}
    assert form == {
        "access_token": "messages-token",
        "type": "text",
        "receiver_id": str(WHO),
        "save_sender_box": "1",
    }


def public(text: str = "您好", **values: Any) -> Any:
    known = {"to": str(WHO), "thread": f"{POST}/{WHO}", "is_public": True} | values
    return outbound(text, **known)


@pytest.mark.parametrize(
    ("about", "path", "form"),
    [
        ("comment:77", "comments/reply", {"cid": ["77"], "id": [str(POST)]}),
        (f"status:{POST}", "comments/create", {"id": [str(POST)]}),
        ("", "comments/create", {"id": [str(POST)]}),
    ],
)
def test_a_public_answer(graph: Graph, about: str, path: str, form: dict[str, Any]) -> None:
    graph.will({"id": 99, "text": "您好"})
    result = graph.send(ADAPTER, public(in_reply_to=about))
    assert (result.outcome, result.external_id) == (Outcome.SENT, "comment:99")
    [sent] = graph.calls
    assert sent.path == f"api.weibo.com/2/{path}.json"
    expected = {"access_token": ["comments-token"], "comment": ["您好"], **form}
    assert parse_qs(sent.body.decode()) == expected


def test_the_post_of_a_pushed_comment_is_asked_for(graph: Graph) -> None:
    graph.will([comment(77)], {"id": 99})
    message = public(thread=f"/{WHO}", in_reply_to="comment:77")
    assert graph.send(ADAPTER, message).outcome is Outcome.SENT
    assert "show_batch.json" in graph.calls[0].path
    assert parse_qs(graph.calls[1].body.decode())["id"] == [str(POST)]
    graph.answers.clear()
    graph.will({"error": "expired_token", "error_code": 21327}, status=400)
    assert graph.send(ADAPTER, message).outcome is Outcome.SIGN_IN
    graph.answers.clear()
    graph.will(b"oops", status=502)
    assert graph.send(ADAPTER, message).outcome is Outcome.LATER
    assert len(graph.calls) == 4


def test_what_is_not_even_tried(graph: Graph) -> None:
    long, token = public("字" * 141), make(account_token="")
    for adapter, message in ((ADAPTER, long), (token, public())):
        assert graph.send(adapter, message).outcome is Outcome.NEVER
    held = outbound("", files=(file("a.png", "image/png"),))
    assert graph.send(ADAPTER, held).outcome is Outcome.NEVER
    assert graph.calls == []


@pytest.mark.parametrize(
    ("code", "outcome", "wait"),
    [
        (10002, Outcome.LATER, None), (10023, Outcome.LATER, 900), (20016, Outcome.LATER, 120),
        (10003, Outcome.UNKNOWN, None), (20032, Outcome.SENT, None),
        (21327, Outcome.SIGN_IN, None), (21315, Outcome.SIGN_IN, None), (10014, Outcome.SIGN_IN, None),
        (20301, Outcome.BLOCKED, None), (20508, Outcome.BLOCKED, None),
        (20013, Outcome.NEVER, None), (20021, Outcome.NEVER, None), (20201, Outcome.NEVER, None),
    ],
)  # fmt: skip
def test_what_answers_mean(graph: Graph, code: int, outcome: Outcome, wait: float | None) -> None:
    graph.will({"error": "why", "error_code": code, "request": "/2/x"}, status=403)
    result = graph.send(ADAPTER, outbound())
    assert (result.outcome, result.retry_after) == (outcome, wait)
    assert result.detail == ("" if outcome is Outcome.SENT else f"{code} why")


def test_a_file_is_fetched_by_its_id(graph: Graph) -> None:
    graph.will(b"pixels", Content_Type="image/jpeg")
    media = ADAPTER.fetch({"fid": "2"})
    assert (media.content, media.content_type) == (b"pixels", "image/jpeg")
    assert (
        graph.calls[0].path == "upload.api.weibo.com/2/mss/msget?access_token=messages-token&fid=2"
    )
    graph.answers.clear()
    graph.will({"error": "expired_token", "error_code": 21327}, Content_Type="application/json")
    with pytest.raises(OSError, match="does not give out"):
        ADAPTER.fetch({"fid": "2"})


def test_whose_token_it_is(graph: Graph) -> None:
    graph.will({"uid": OWN}, {"uid": 5}, {"error": "expired_token", "error_code": 21327})
    assert ADAPTER.check("") == ""
    assert "5" in ADAPTER.check("")
    assert ADAPTER.check("") == "21327 expired_token"
    graph.will(b"<html>", status=502)
    with pytest.raises((http.Unreachable, ValueError)):
        for _ in range(2):
            ADAPTER.check("")


def test_no_secret_is_told() -> None:
    told = repr(ADAPTER)
    assert not [each for each in ("xyz123xyz", "messages-token", "comments-token") if each in told]
