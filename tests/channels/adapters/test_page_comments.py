"""Public comments on a Page, and private replies to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import Outcome
from channels.happenings import Deleted, Echo, Edited, Reacted, Unknown
from people.operations import Address
from tests.channels.adapters.meta_calls import (
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

ADAPTER = make("page_comments")
POST, FIRST, SECOND = "4711_100", "100_1", "100_2"


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    with running_graph(settings) as graph:
        yield graph


def comment(**values: Any) -> dict[str, Any]:
    known = {
        "item": "comment",
        "verb": "add",
        "from": {"id": "U1", "name": "Ann"},
        "comment_id": FIRST,
        "post_id": POST,
        "parent_id": POST,
        "created_time": 1795300000,
        "message": "Where is my deposit?",
    }
    value = known | values
    return {"field": "feed", "value": {k: v for k, v in value.items() if v is not None}}


def told(*changes: Any) -> list[Any]:
    entry = {"id": "4711", "time": 1795300010, "changes": list(changes)}
    return parse(ADAPTER, {"object": "page", "entry": [entry]})


def test_a_first_comment_begins_a_public_conversation() -> None:
    post = {"permalink_url": "https://www.facebook.com/4711/posts/100"}
    [heard] = told(comment(post=post))
    assert isinstance(heard, InboundMessage)
    assert heard.sender == Address("page_comments", "U1", name="Ann")
    assert (heard.external_id, heard.thread, heard.is_public) == (FIRST, FIRST, True)
    assert heard.sent_at == datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC)
    assert heard.meta["link"] == post["permalink_url"]


def test_what_is_said_under_it_belongs_to_it() -> None:
    [heard] = told(comment(comment_id=SECOND, parent_id=FIRST))
    assert (heard.thread, heard.references) == (FIRST, (FIRST,))


def test_every_change_is_heard_and_a_broken_one_stops_nothing() -> None:
    found = told(comment(), comment(created_time="never"), comment(comment_id=SECOND))
    assert [type(each) for each in found] == [InboundMessage, Unknown, InboundMessage]


def test_whoever_is_not_named_is_somebody_new_each_time() -> None:
    one, two = told(comment(**{"from": None}), comment(**{"from": None}, comment_id=SECOND))
    assert (one.sender.value, two.sender.value) == (f"of:{FIRST}", f"of:{SECOND}")


def test_the_page_s_own_comment_is_an_echo() -> None:
    [echo] = told(comment(**{"from": {"id": "4711"}}, comment_id=SECOND, parent_id=FIRST))
    assert isinstance(echo, Echo)
    assert (echo.external_id, echo.thread, echo.sender) == (SECOND, FIRST, None)


def test_edits_deletions_and_reactions() -> None:
    edited, deleted, liked, unliked = told(
        comment(verb="edited", message="Where is it?"),
        comment(verb="remove", message=None),
        comment(item="reaction", reaction_type="angry"),
        comment(item="reaction", verb="remove", reaction_type="angry"),
    )
    assert (type(edited), edited.about, edited.text) == (Edited, FIRST, "Where is it?")
    assert edited.external_id == f"edit:{FIRST}:1795300010"
    assert (type(deleted), deleted.about) == (Deleted, FIRST)
    assert (type(liked), liked.emoji, unliked.emoji) == (Reacted, "angry", "")


def test_a_picture_in_a_comment_is_a_file() -> None:
    [heard] = told(comment(message=None, photo="https://cdn.example.com/1.jpg"))
    assert heard.files[0].source == {"url": "https://cdn.example.com/1.jpg"}


def test_a_visitor_s_post_is_a_request_and_a_comment_under_it_continues_it() -> None:
    post, under = told(
        comment(item="status", comment_id=None, parent_id=None), comment(message="Anybody?")
    )
    assert (post.external_id, post.thread) == (POST, POST)
    assert under.references == (POST,)


@pytest.mark.parametrize(
    "change",
    [
        comment(verb="hide"),
        comment(message=None),
        comment(item="like", comment_id=None),
        comment(item="status", **{"from": {"id": "4711"}}),
        {"field": "mention", "value": {}},
    ],
)
def test_what_is_no_request_is_unknown(change: dict[str, Any]) -> None:
    [found] = told(change)
    assert isinstance(found, Unknown)


def test_a_public_answer_stands_under_the_comment(graph: Graph) -> None:
    graph.will({"id": "100_3"})
    message = outbound(thread=FIRST, in_reply_to=SECOND, is_public=True)
    result = graph.send(ADAPTER, message)
    assert (result.outcome, result.external_id, result.thread) == (Outcome.SENT, "100_3", "")
    [asked] = graph.calls
    assert asked.path == f"graph.facebook.com/v25.0/{SECOND}/comments"
    assert asked.json() == {"message": "Hello"}


@pytest.mark.parametrize(
    ("about", "name"), [(SECOND, "comment_id"), (FIRST, "comment_id"), (POST, "post_id")]
)
def test_a_private_reply_names_what_it_answers_and_where_it_goes_on(
    graph: Graph, about: str, name: str
) -> None:
    graph.will({"recipient_id": "PSID9", "message_id": "m_1"})
    message = outbound(thread=FIRST, in_reply_to=about, last_heard_at=ago(days=6))
    result = graph.send(ADAPTER, message)
    assert (result.external_id, result.thread) == ("m_1", "PSID9")
    [asked] = graph.calls
    assert asked.path == "graph.facebook.com/v25.0/4711/messages"
    assert asked.json()["recipient"] == {name: about}


def test_a_private_reply_comes_within_a_week_and_once(graph: Graph) -> None:
    graph.will(refused(10900, words="Activity already replied to"), status=400)
    late = outbound(thread=FIRST, last_heard_at=ago(days=8))
    assert graph.send(ADAPTER, late).outcome is Outcome.CLOSED
    again = graph.send(ADAPTER, outbound(thread=FIRST))
    assert (again.outcome, again.detail) == (Outcome.NEVER, "10900 Activity already replied to")
    assert len(graph.calls) == 1


@pytest.mark.parametrize("is_public", [True, False])
def test_a_file_is_refused_before_it_is_asked(graph: Graph, is_public: bool) -> None:
    message = outbound("", thread=FIRST, is_public=is_public, files=(file("a", "image/png"),))
    assert graph.send(ADAPTER, message).outcome is Outcome.NEVER
    assert not graph.calls
