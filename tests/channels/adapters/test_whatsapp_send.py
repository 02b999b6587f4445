"""What leaves for WhatsApp, what its answers mean, and how its files are fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from channels.base import Outcome
from tests.channels.adapters.meta_calls import (
    IDS,
    TOKEN,
    Graph,
    ago,
    file,
    make,
    outbound,
    refused,
    running_graph,
)

OWN = IDS["whatsapp"]["phone_number_id"]
ADAPTER = make("whatsapp")
NUMBER = "16505550123"
SENT = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.7"}]}


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    with running_graph(settings) as graph:
        yield graph


def to(address: str, text: str = "Hello", **values: Any) -> Any:
    return outbound(text, to=address, thread=address, **values)


def test_a_text_to_a_number(graph: Graph) -> None:
    graph.will(SENT)
    result = graph.send(ADAPTER, to(NUMBER, "已到账", in_reply_to="wamid.1"))
    assert (result.outcome, result.external_id) == (Outcome.SENT, "wamid.7")
    [asked] = graph.calls
    assert asked.path == f"graph.facebook.com/v25.0/{OWN}/messages"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.json() == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": NUMBER,
        "type": "text",
        "text": {"body": "已到账", "preview_url": False},
        "biz_opaque_callback_data": "own-1",
        "context": {"message_id": "wamid.1"},
    }


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("US.13491208655302741918", {"recipient": "US.13491208655302741918"}),
        ("US.ENT.11815799212886844830", {"recipient": "US.ENT.11815799212886844830"}),
        ("group:G1", {"recipient_type": "group", "to": "G1"}),
    ],
)
def test_whom_it_is_for(graph: Graph, address: str, named: dict[str, str]) -> None:
    graph.will(SENT)
    graph.send(ADAPTER, to(address))
    body = graph.calls[0].json()
    assert named.items() <= body.items()
    assert "to" in named or "to" not in body


def test_after_a_day_only_a_template_goes(graph: Graph) -> None:
    graph.will(SENT)
    late = {"last_heard_at": ago(hours=24, minutes=1)}
    assert graph.send(ADAPTER, to(NUMBER, **late)).outcome is Outcome.CLOSED
    assert not graph.calls
    template = to(NUMBER, "ticket_update|zh_CN", values=("R-1", "Ann"), is_template=True, **late)
    assert graph.send(ADAPTER, template).outcome is Outcome.SENT
    body = graph.calls[0].json()
    assert body["type"] == "template"
    assert body["template"] == {
        "name": "ticket_update",
        "language": {"policy": "deterministic", "code": "zh_CN"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "R-1"}, {"type": "text", "text": "Ann"}],
            }
        ],
    }


def test_a_template_without_a_language_or_values(graph: Graph) -> None:
    graph.will(SENT)
    graph.send(ADAPTER, to(NUMBER, "hello", is_template=True))
    template = graph.calls[0].json()["template"]
    assert template == {"name": "hello", "language": {"policy": "deterministic", "code": "en"}}


@pytest.mark.parametrize(
    ("name", "content_type", "size", "text", "kind"),
    [
        ("a.png", "image/png", 9, "see", "image"),
        ("big.png", "image/png", 5 * 1024 * 1024 + 1, "", "document"),
        ("a.mp4", "video/mp4", 9, "", "video"),
        ("a.ogg", "audio/ogg", 9, "", "audio"),
        ("a.ogg", "audio/ogg", 9, "listen", "document"),
        ("收据.pdf", "application/pdf", 9, "see", "document"),
    ],
)
def test_a_file_is_uploaded_and_sent_by_its_id(
    graph: Graph, name: str, content_type: str, size: int, text: str, kind: str
) -> None:
    graph.will({"id": "M1"}, SENT)
    message = to(NUMBER, text, files=(file(name, content_type, b"x" * size),))
    assert graph.send(ADAPTER, message).outcome is Outcome.SENT
    uploaded, sent = graph.calls
    assert uploaded.path == f"graph.facebook.com/v25.0/{OWN}/media"
    assert b"x" * size in uploaded.body
    assert f"Content-Type: {content_type}".encode() in uploaded.body
    body = sent.json()
    assert (body["type"], body[kind]["id"]) == (kind, "M1")
    assert body[kind].get("caption", "") == text
    assert body[kind].get("filename", name) == name


def test_a_file_that_is_refused_is_never_sent(graph: Graph) -> None:
    graph.will(refused(100, words="(#100) Param file must be a file"), status=400)
    result = graph.send(ADAPTER, to(NUMBER, "", files=(file("a.zip", "application/zip"),)))
    assert (result.outcome, len(graph.calls)) == (Outcome.NEVER, 1)
    assert result.detail == "the file: 100 (#100) Param file must be a file"


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]"])
def test_what_goes_wrong_before_the_message_is_sent_can_be_done_again(
    graph: Graph, answer: bytes
) -> None:
    graph.will(answer, status=502)
    result = graph.send(ADAPTER, to(NUMBER, "", files=(file("a.png", "image/png"),)))
    assert (result.outcome, len(graph.calls)) == (Outcome.LATER, 1)


def test_a_provider_that_is_away_while_a_file_is_uploaded_had_nothing(settings: Any) -> None:
    settings.HARBOUR_PROVIDERS = {"*": "http://127.0.0.1:1025"}
    settings.HARBOUR_PRIVATE_HOSTS = ["127.0.0.1"]
    message = to(NUMBER, "", files=(file("a.png", "image/png"),))
    [result] = ADAPTER.send([message])
    assert result.outcome is Outcome.LATER


@pytest.mark.parametrize(
    ("code", "outcome", "wait"),
    [
        (131047, Outcome.CLOSED, None),
        (131056, Outcome.LATER, 24.0),
        (131049, Outcome.LATER, 86400.0),
        (131026, Outcome.BLOCKED, None),
        (190, Outcome.SIGN_IN, None),
    ],
)
def test_refusals(graph: Graph, code: int, outcome: Outcome, wait: float | None) -> None:
    graph.will(refused(code, words="why", error_data={"details": "because"}), status=400)
    result = graph.send(ADAPTER, to(NUMBER))
    assert (result.outcome, result.retry_after) == (outcome, wait)
    assert result.detail == f"{code} because"


def test_an_answer_that_cannot_be_read_leaves_it_unknown(graph: Graph) -> None:
    graph.will(b"<html>")
    assert graph.send(ADAPTER, to(NUMBER)).outcome is Outcome.UNKNOWN


PNG = b"\x89PNG"
DIGEST = base64.b64encode(hashlib.sha256(PNG).digest()).decode()
SOURCE = {"media_id": "9", "owner": OWN, "sha256": DIGEST}
PLACE = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=9"


def test_a_file_is_fetched_by_its_id_and_checked(graph: Graph) -> None:
    graph.will({"url": PLACE, "mime_type": "image/png; x=1", "sha256": "-"}, PNG)
    found = ADAPTER.fetch(SOURCE)
    assert (found.content, found.content_type) == (PNG, "image/png")
    named, fetched = graph.calls
    assert named.path == f"graph.facebook.com/v25.0/9?phone_number_id={OWN}"
    assert fetched.path == "lookaside.fbsbx.com/whatsapp_business/attachments/?mid=9"
    assert fetched.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "place",
    ["https://example.com/x", "http://lookaside.fbsbx.com/x", "https://evilfbsbx.com/x", "", 7],
)
def test_our_token_goes_to_meta_only(graph: Graph, place: object) -> None:
    graph.will({"url": place, "mime_type": "image/png"}, PNG)
    with pytest.raises(OSError, match="no place of its own"):
        ADAPTER.fetch(SOURCE)
    assert len(graph.calls) == 1


def test_another_file_than_was_announced_is_refused(graph: Graph) -> None:
    graph.will({"url": PLACE, "mime_type": "image/png"}, b"other")
    with pytest.raises(OSError, match="announced"):
        ADAPTER.fetch(SOURCE)


@pytest.mark.parametrize(("answer", "status"), [(b"no", 404), (b"<html>", 200), (b"[7]", 200)])
def test_a_file_that_cannot_be_had_is_asked_for_again(
    graph: Graph, answer: bytes, status: int
) -> None:
    graph.will(answer, status=status)
    with pytest.raises(OSError, match="Meta"):
        ADAPTER.fetch(SOURCE)
