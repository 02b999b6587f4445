"""Messenger, by events of the shapes that Meta documents and a Graph API on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import Outcome
from channels.happenings import (
    Deleted,
    Echo,
    Edited,
    OptedIn,
    Pressed,
    Progress,
    Reacted,
    Revoked,
    Stage,
    Unknown,
)
from people.operations import Address
from tests.channels.adapters.meta_calls import (
    TOKEN,
    Graph,
    ago,
    file,
    make,
    outbound,
    parse,
    refused,
    running_graph,
)
from tickets.inbound import InboundMessage

ADAPTER = make("messenger")
ANN = Address("messenger", "U1")
AT = datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC)


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    with running_graph(settings) as graph:
        yield graph


def event(sender: str = "U1", to: str = "4711", **what: Any) -> dict[str, Any]:
    return {"sender": {"id": sender}, "recipient": {"id": to}, "timestamp": 1795300000000} | what


def told(*events: Any, page: str = "4711", key: str = "messaging") -> list[Any]:
    entry = {"id": page, "time": 1795300000000, key: list(events)}
    return parse(ADAPTER, {"object": "page", "entry": [entry]})


def test_every_entry_and_every_event_is_heard() -> None:
    one, two, three = (
        event(f"U{n}", message={"mid": f"m_{n}", "text": f"line {n}"}) for n in (1, 2, 3)
    )
    entries = [{"id": "4711", "messaging": [one, {"sender": 7, "message": {}}, two]}]
    entries += [{"id": "9", "messaging": [three]}, {"id": "4711", "messaging": [three]}]
    found = parse(ADAPTER, {"object": "page", "entry": entries})
    heard = [each for each in found if isinstance(each, InboundMessage)]
    assert [each.external_id for each in heard] == ["m_1", "m_2", "m_3"]
    assert [each.what for each in found if isinstance(each, Unknown)] == [
        "malformed messaging event",
        "for account 9",
    ]


def test_a_message_with_its_sender_time_and_what_it_answers() -> None:
    message = {"mid": "m_1", "text": "充值没到账 😀", "reply_to": {"mid": "m_0"}}
    [heard] = told(event(message=message))
    assert (heard.external_id, heard.text, heard.sender) == ("m_1", "充值没到账 😀", ANN)
    assert (heard.thread, heard.references, heard.sent_at) == ("U1", ("m_0",), AT)
    assert (heard.is_verified, heard.receipt_id, heard.is_public) == (True, 7, False)


def test_files_are_to_be_fetched_and_the_rest_is_said_in_words() -> None:
    attachments = [
        {"type": "image", "payload": {"url": "https://cdn.example.com/a/receipt.png?sig=1"}},
        {"type": "location", "payload": {"coordinates": {"lat": 31.2, "long": 121.5}}},
        {"type": "fallback", "title": "A page", "url": "https://example.com/page"},
        {"type": "file", "payload": {"url": "https://cdn.example.com/b"}},
    ]
    [heard] = told(event(message={"mid": "m_1", "attachments": attachments}))
    assert heard.text == ("https://maps.google.com/?q=31.2,121.5\nA page\nhttps://example.com/page")
    assert [(each.name, each.source["part"]) for each in heard.files] == [
        ("receipt.png", "0"),
        ("file", "3"),
    ]
    assert heard.files[0].source["mid"] == "m_1"


def test_our_own_words_come_back_as_an_echo_or_as_news_of_what_we_sent() -> None:
    said = {"mid": "m_9", "text": "from the app", "is_echo": True, "app_id": 1}
    ours = {"mid": "m_8", "text": "ours", "is_echo": True, "metadata": "harbour:own-1"}
    echo, sent = told(event("4711", "U1", message=said), event("4711", "U1", message=ours))
    assert isinstance(echo, Echo)
    assert (echo.external_id, echo.text, echo.to, echo.sender) == ("m_9", "from the app", ANN, None)
    assert echo.thread == "U1"
    assert isinstance(sent, Progress)
    assert (sent.stage, sent.key, sent.about) == (Stage.SENT, "own-1", "m_8")


def test_deliveries_and_readings() -> None:
    delivery = {"mids": ["m_1", "m_2"], "watermark": 1795300000000}
    found = told(event(delivery=delivery), event(read={"watermark": 1795300000000}))
    assert [(each.stage, each.about, each.until) for each in found] == [
        (Stage.DELIVERED, "m_1", None),
        (Stage.DELIVERED, "m_2", None),
        (Stage.DELIVERED, "", AT),
        (Stage.READ, "", AT),
    ]
    assert len({each.external_id for each in found}) == 4


def test_edits_deletions_reactions_and_buttons() -> None:
    quick = {"mid": "m_5", "text": "Yes", "quick_reply": {"payload": "YES"}}
    edited, deleted, liked, unliked, pressed, chosen, begun = told(
        event(message_edit={"mid": "m_1", "text": "better", "num_edit": 2}),
        event(message={"mid": "m_2", "is_deleted": True}),
        event(reaction={"mid": "m_3", "action": "react", "emoji": "❤", "reaction": "love"}),
        event(reaction={"mid": "m_3", "action": "unreact", "emoji": "❤"}),
        event(postback={"mid": "m_4", "title": "Status", "payload": "STATUS"}),
        event(message=quick),
        event(optin={"type": "notification_messages"}),
    )
    assert (type(edited), edited.about, edited.text) == (Edited, "m_1", "better")
    assert edited.external_id == "edit:m_1:2"
    assert (type(deleted), deleted.about, deleted.sender) == (Deleted, "m_2", ANN)
    assert (type(liked), liked.about, liked.emoji, unliked.emoji) == (Reacted, "m_3", "❤", "")
    assert (type(pressed), pressed.payload, pressed.text) == (Pressed, "STATUS", "Status")
    assert (type(chosen), chosen.payload, chosen.text) == (Pressed, "YES", "Yes")
    assert isinstance(begun, OptedIn)


def test_what_another_app_answers_is_filed_and_not_acknowledged() -> None:
    [heard] = told(event(message={"mid": "m_1", "text": "hi"}), key="standby")
    assert (heard.text, heard.never_acknowledge) == ("hi", "other-app")


def test_meta_s_measures_and_unheard_of_events() -> None:
    blocked, freed, other = told(
        {"recipient": {"id": "4711"}, "timestamp": 1795300000000,
         "policy_enforcement": {"action": "block", "reason": "spam"}},
        {"recipient": {"id": "4711"}, "timestamp": 1795300000000,
         "policy_enforcement": {"action": "unblock"}},
        event(game_play={"score": 99}),
    )  # fmt: skip
    assert (type(blocked), blocked.reason) == (Revoked, "spam")
    assert (freed.what, other.what, other.sender) == ("policy unblock", "game_play", ANN)


def test_a_message_of_nothing_that_we_know_is_unknown_once() -> None:
    nothing = event(message={"mid": "m_1", "is_unsupported": True})
    [first], [again] = told(nothing), told(nothing)
    assert (first.what, first.thread) == ("unsupported message", "U1")
    assert first.external_id == again.external_id


def test_the_console_s_test_of_a_field_is_a_message() -> None:
    change = {"field": "messages", "value": event(message={"mid": "t", "text": "test"})}
    feed = {"field": "feed", "value": {"item": "comment"}}
    heard, other = told(change, feed, key="changes")
    assert (heard.text, other.what) == ("test", "field feed")


def test_a_text_goes_out_as_a_response(graph: Graph) -> None:
    graph.will({"recipient_id": "U1", "message_id": "m_7"})
    result = graph.send(ADAPTER, outbound("Done 已到账", last_heard_at=ago(hours=1)))
    assert (result.outcome, result.external_id, result.thread) == (Outcome.SENT, "m_7", "")
    [asked] = graph.calls
    assert asked.path == "graph.facebook.com/v25.0/4711/messages"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.json() == {
        "recipient": {"id": "U1"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Done 已到账", "metadata": "harbour:own-1"},
    }


def test_after_a_day_only_a_person_may_write_and_after_a_week_nobody(graph: Graph) -> None:
    graph.will({"recipient_id": "U1", "message_id": "m_7"})
    late = outbound(last_heard_at=ago(hours=25))
    assert graph.send(ADAPTER, late).outcome is Outcome.SENT
    assert graph.calls[0].json()["messaging_type"] == "MESSAGE_TAG"
    assert graph.calls[0].json()["tag"] == "HUMAN_AGENT"
    by_rule = outbound(last_heard_at=ago(hours=25), is_automatic=True)
    too_late = outbound(last_heard_at=ago(days=7, minutes=1))
    for message in (by_rule, too_late):
        assert graph.send(ADAPTER, message).outcome is Outcome.CLOSED
    assert len(graph.calls) == 1


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [("image/png", "image"), ("video/mp4", "video"), ("audio/ogg", "audio"), ("a/pdf", "file")],
)
def test_a_file_goes_with_the_call(graph: Graph, content_type: str, kind: str) -> None:
    graph.will({"recipient_id": "U1", "message_id": "m_7"})
    message = outbound("", files=(file("收据.png", content_type, b"\x89PNG"),))
    assert graph.send(ADAPTER, message).outcome is Outcome.SENT
    body = graph.calls[0].body
    sent = json.loads(body.split(b'name="message"\r\n\r\n')[1].split(b"\r\n")[0])
    assert sent["attachment"] == {"type": kind, "payload": {"is_reusable": False}}
    assert b'{"id": "U1"}' in body
    assert b"\r\n\r\n\x89PNG\r\n" in body
    assert b"RESPONSE" in body


def test_words_beside_a_file_are_not_lost_silently(graph: Graph) -> None:
    message = outbound("words", files=(file("a.png", "image/png"),))
    assert graph.send(ADAPTER, message).outcome is Outcome.NEVER
    assert not graph.calls


def test_a_refusal_is_told_with_its_number_and_no_token(graph: Graph) -> None:
    token = "EAA" + "x" * 60
    graph.will(refused(190, 463, f"Malformed access token {token}"), status=401)
    result = graph.send(make("messenger", access_token=token), outbound())
    assert (result.outcome, result.detail) == (
        Outcome.SIGN_IN,
        "190/463 Malformed access token …",
    )


def test_limits_are_waited_for_as_long_as_meta_says(graph: Graph) -> None:
    usage = {"4711": [{"type": "messenger", "estimated_time_to_regain_access": 3}]}
    header = {"X_Business_Use_Case_Usage": json.dumps(usage)}
    graph.will(refused(80006), status=400, **header)
    result = graph.send(ADAPTER, outbound())
    assert (result.outcome, result.retry_after) == (Outcome.LATER, 180.0)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"7", b'{"error":"x"}', b'{"ok":1}'])
def test_an_answer_that_cannot_be_read_leaves_it_unknown(graph: Graph, answer: bytes) -> None:
    graph.will(answer)
    assert graph.send(ADAPTER, outbound()).outcome is Outcome.UNKNOWN


def test_a_file_is_fetched_and_asked_for_again_when_its_link_has_ended(graph: Graph) -> None:
    [heard] = told(
        event(
            message={
                "mid": "m_1",
                "attachments": [
                    {"type": "image", "payload": {"url": "https://cdn.example.com/old.png?sig=1"}}
                ],
            }
        )
    )
    graph.will(b"gone", status=403)
    fresh = {"image_data": {"url": "https://cdn.example.com/new.png?sig=2"}}
    graph.will({"attachments": {"data": [fresh]}})
    graph.will(b"\x89PNG", Content_Type="image/png")
    found = ADAPTER.fetch(heard.files[0].source)
    assert (found.content, found.name, found.content_type) == (b"\x89PNG", "old.png", "image/png")
    assert [asked.path for asked in graph.calls] == [
        "cdn.example.com/old.png?sig=1",
        "graph.facebook.com/v25.0/m_1?fields=attachments",
        "cdn.example.com/new.png?sig=2",
    ]
    assert "Authorization" not in graph.calls[2].headers


def test_a_file_that_is_gone_raises_what_is_tried_again(graph: Graph) -> None:
    graph.will(b"gone", status=404)
    with pytest.raises(OSError, match="404"):
        ADAPTER.fetch({"url": "https://cdn.example.com/old.png", "mid": "m_1", "part": "0"})
