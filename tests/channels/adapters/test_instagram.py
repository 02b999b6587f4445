"""Instagram's messages and comments, by both logins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import Outcome
from channels.happenings import Deleted, Echo, Edited, Progress, Stage, Unknown
from people.operations import Address
from support.redis import client
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

OWN = "17841400000000001"
ADAPTER = make("instagram")
SENT = {"recipient_id": "U1", "message_id": "mid.7"}


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    settings.HARBOUR_URL = "https://desk.example.com"
    with running_graph(settings) as graph:
        yield graph


@pytest.fixture
def own_login() -> Iterator[Any]:
    for key in client().scan_iter("instagram-token:*"):
        client().delete(key)
    yield make("instagram", has_instagram_login=True)


def entry(**values: Any) -> dict[str, Any]:
    return {"id": OWN, "time": 1795300000} | values


def told(*entries: Any) -> list[Any]:
    return parse(ADAPTER, {"object": "instagram", "entry": list(entries)})


def event(message: dict[str, Any] | None = None, **what: Any) -> dict[str, Any]:
    base = {"sender": {"id": "U1"}, "recipient": {"id": OWN}, "timestamp": 1795300000000}
    return entry(messaging=[base | what | ({"message": message} if message else {})])


COMMENT = {
    "id": "C2",
    "from": {"id": "U1", "username": "ann"},
    "text": "Where is my order?",
    "media": {"id": "M1", "media_product_type": "FEED"},
}


@pytest.mark.parametrize(
    "told_as",
    [
        entry(changes=[{"field": "comments", "value": COMMENT}]),
        entry(field="comments", value=COMMENT),
        entry(changes=[{"field": "live_comments", "value": COMMENT}]),
    ],
)
def test_a_comment_in_each_of_its_shapes(told_as: dict[str, Any]) -> None:
    [heard] = told(told_as)
    assert isinstance(heard, InboundMessage)
    assert heard.sender == Address("instagram", "U1", name="ann")
    assert (heard.external_id, heard.thread, heard.is_public) == ("C2", "comment:C2", True)
    assert heard.sent_at == datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC)
    assert heard.meta["media"] == "M1"


def test_a_reply_to_a_comment_belongs_to_it_and_our_own_is_an_echo() -> None:
    own = COMMENT | {"id": "C3", "from": {"id": OWN}, "parent_id": "C1"}
    values = [COMMENT | {"parent_id": "C1"}, own]
    heard, echo = told(entry(changes=[{"field": "comments", "value": each} for each in values]))
    assert (heard.thread, heard.references) == ("comment:C1", ("C1",))
    assert (type(echo), echo.thread, echo.external_id) == (Echo, "comment:C1", "C3")


def test_direct_messages_of_both_kinds_of_time() -> None:
    one, two = told(
        event({"mid": "a", "text": "你好"}),
        event({"mid": "b", "text": "hi"}, timestamp="2021-09-08T06:34:04+0000"),
    )
    assert (one.text, one.thread, one.is_public) == ("你好", "U1", False)
    assert two.sent_at == datetime(2021, 9, 8, 6, 34, 4, tzinfo=UTC)


def test_what_is_unsent_must_go() -> None:
    [gone] = told(event({"mid": "a", "is_deleted": True}))
    assert (type(gone), gone.about, gone.external_id) == (Deleted, "a", "delete:a")


def test_stories_posts_and_reels_are_links() -> None:
    url = "https://cdn.example.com/story"
    mention = {"mid": "a", "attachments": [{"type": "story_mention", "payload": {"url": url}}]}
    reel = {"type": "ig_reel", "payload": {"title": "A reel", "url": "https://example.com/r"}}
    answer = {"mid": "c", "text": "nice", "reply_to": {"story": {"id": "s", "url": url}}}
    heart = {"mid": "d", "attachments": [{"type": "like_heart"}]}
    found = told(event(mention), event({"mid": "b", "attachments": [reel]}), event(answer))
    found += told(event(heart))
    assert [each.text for each in found] == [
        url, "A reel\nhttps://example.com/r", f"nice\n{url}", "❤",
    ]  # fmt: skip
    assert not any(each.files for each in found)
    assert found[0].meta["shared"] == "story_mention"


def test_readings_edits_and_what_is_not_supported() -> None:
    read, edited, odd, mention = told(
        event(read={"mid": "a"}),
        event(message_edit={"mid": "a", "text": "better", "num_edit": 1}),
        event({"mid": "b", "is_unsupported": True}),
        entry(changes=[{"field": "mentions", "value": {"media_id": "M1", "comment_id": "C9"}}]),
    )
    assert (type(read), read.stage, read.about) == (Progress, Stage.READ, "a")
    assert (type(edited), edited.text) == (Edited, "better")
    assert (type(odd), odd.what) == (Unknown, "unsupported message")
    assert mention.what == "field mentions"


def test_another_account_s_entry_is_not_ours() -> None:
    [found] = told(event({"mid": "a", "text": "x"}) | {"id": "another"})
    assert (type(found), found.what) == (Unknown, "for account another")


def test_a_text_by_facebook_s_login(graph: Graph) -> None:
    graph.will(SENT)
    result = graph.send(ADAPTER, outbound("好的", last_heard_at=ago(hours=30)))
    assert (result.outcome, result.external_id) == (Outcome.SENT, "mid.7")
    [asked] = graph.calls
    assert asked.path == "graph.facebook.com/v25.0/me/messages"
    assert asked.json() == {
        "recipient": {"id": "U1"},
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
        "message": {"text": "好的"},
    }


@pytest.mark.parametrize(
    ("name", "content_type", "kind"),
    [("a.png", "image/png", "image"), ("b.pdf", "application/pdf", "file")],
)
def test_instagram_fetches_files_itself(
    graph: Graph, name: str, content_type: str, kind: str
) -> None:
    graph.will(SENT)
    graph.send(ADAPTER, outbound("", files=(file(name, content_type),)))
    attachment = graph.calls[0].json()["message"]["attachment"]
    assert attachment["type"] == kind
    assert attachment["payload"]["url"].startswith("https://desk.example.com/hooks/files/")
    assert attachment["payload"]["url"].endswith(f"/{name}")


def test_a_public_answer_stands_under_the_first_comment(graph: Graph) -> None:
    graph.will({"id": "C5"})
    message = outbound(thread="comment:C1", in_reply_to="C2", is_public=True)
    assert graph.send(ADAPTER, message).external_id == "C5"
    [asked] = graph.calls
    assert (asked.path, asked.json()) == (
        "graph.facebook.com/v25.0/C1/replies",
        {"message": "Hello"},
    )


def test_a_private_reply_tells_where_it_goes_on(graph: Graph) -> None:
    graph.will(SENT)
    result = graph.send(ADAPTER, outbound(thread="comment:C1", in_reply_to="C2"))
    assert result.thread == "U1"
    assert graph.calls[0].json() == {
        "recipient": {"comment_id": "C2"},
        "message": {"text": "Hello"},
    }


def test_after_the_window_nothing_is_asked(graph: Graph) -> None:
    late = outbound(last_heard_at=ago(days=8))
    assert graph.send(ADAPTER, late).outcome is Outcome.CLOSED
    graph.will(refused(10, 2534022), status=400)
    assert graph.send(ADAPTER, outbound()).outcome is Outcome.CLOSED
    assert len(graph.calls) == 1


def test_instagram_s_own_token_is_renewed_once_and_kept(graph: Graph, own_login: Any) -> None:
    graph.will({"access_token": "IGrenewed", "expires_in": 5184000}, SENT)
    assert graph.send(own_login, outbound()).outcome is Outcome.SENT
    assert graph.send(own_login, outbound()).outcome is Outcome.SENT
    renewal, *sent = graph.calls
    assert renewal.path == (
        f"graph.instagram.com/refresh_access_token?grant_type=ig_refresh_token&access_token={TOKEN}"
    )
    assert [asked.path for asked in sent] == ["graph.instagram.com/v25.0/me/messages"] * 2
    assert {asked.headers["Authorization"] for asked in sent} == {"Bearer IGrenewed"}
    kept = [client().get(key) for key in client().scan_iter("instagram-token:*")]
    assert kept
    assert not any(b"IGrenewed" in each for each in kept if isinstance(each, bytes))


def test_a_token_too_young_to_be_renewed_is_used_as_it_is(graph: Graph, own_login: Any) -> None:
    graph.will(refused(190), status=400)
    graph.will(SENT)
    assert graph.send(own_login, outbound()).outcome is Outcome.SENT
    assert graph.send(own_login, outbound()).outcome is Outcome.SENT
    assert {asked.headers.get("Authorization") for asked in graph.calls[1:]} == {f"Bearer {TOKEN}"}
    assert len(graph.calls) == 3


def test_a_renewed_token_that_is_refused_gives_way_once(graph: Graph, own_login: Any) -> None:
    graph.will({"access_token": "IGrenewed"})
    graph.will(refused(190), status=401)
    graph.will(SENT)
    assert graph.send(own_login, outbound()).outcome is Outcome.SENT
    assert graph.calls[-1].headers["Authorization"] == f"Bearer {TOKEN}"
    graph.answers[:] = []
    graph.will(refused(190), status=401)
    assert graph.send(own_login, outbound()).outcome is Outcome.SIGN_IN


def test_without_redis_the_token_is_used_as_it_is(
    graph: Graph, own_login: Any, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    graph.will(SENT)
    assert graph.send(own_login, outbound()).outcome is Outcome.SENT
    assert len(graph.calls) == 1
