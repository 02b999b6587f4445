"""What is sent to WeChat's customers, and fetched from WeChat."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from channels.base import Outcome, Unreadable
from support.redis import client
from tests.channels.adapters.meta_calls import Graph, file, outbound, running_graph
from tests.channels.adapters.wechat_calls import AES_KEY, APP_ID, OPENID, SEALED, TOKEN, make

OK = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    for key in client().scan_iter("wechat-token:*"):
        client().delete(key)
    with running_graph(settings) as graph:
        yield graph


def good(named: str = "T1") -> dict[str, Any]:
    return {"access_token": named, "expires_in": 7200}


def to_them(text: str = "Hello", **values: Any) -> Any:
    return outbound(text, **{"to": OPENID, "thread": OPENID} | values)


def test_a_text_goes_out_in_raw_utf8(graph: Graph) -> None:
    graph.will(good(), OK)
    result = graph.send(SEALED, to_them("已到账 😀\x08"))
    assert (result.outcome, result.external_id) == (Outcome.SENT, "own-1")
    asked, sent = graph.calls
    assert asked.path == "api.weixin.qq.com/cgi-bin/stable_token"
    assert asked.json() == {
        "grant_type": "client_credential",
        "appid": APP_ID,
        "secret": "app-secret",
        "force_refresh": False,
    }
    assert sent.path == "api.weixin.qq.com/cgi-bin/message/custom/send?access_token=T1"
    assert "已到账 😀".encode() in sent.body
    assert sent.json() == {"touser": OPENID, "msgtype": "text", "text": {"content": "已到账 😀"}}


def test_a_token_is_asked_for_once(graph: Graph) -> None:
    graph.will(good(), OK)
    for _ in range(3):
        assert graph.send(SEALED, to_them()).outcome is Outcome.SENT
    paths = [each.path.partition("?")[0].rsplit("/", 1)[-1] for each in graph.calls]
    assert paths == ["stable_token", "send", "send", "send"]
    [key] = client().scan_iter("wechat-token:*")
    kept: Any = client().get(key)
    assert b"T1" not in kept


def test_many_at_once_ask_for_one_token(graph: Graph) -> None:
    graph.will(good(), OK)
    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(lambda _: graph.send(SEALED, to_them()), range(8)))
    assert {each.outcome for each in sent} == {Outcome.SENT}
    assert sum("stable_token" in each.path for each in graph.calls) == 1


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once(graph: Graph, code: int) -> None:
    graph.will(good(), {"errcode": code, "errmsg": "invalid"}, good("T2"), OK)
    assert graph.send(SEALED, to_them()).outcome is Outcome.SENT
    assert graph.calls[-1].path.endswith("access_token=T2")
    assert graph.calls[-2].json()["force_refresh"] is False
    graph.calls.clear()
    assert graph.send(SEALED, to_them()).outcome is Outcome.SENT
    assert len(graph.calls) == 1


def test_the_same_token_again_is_forced_out(graph: Graph) -> None:
    bad = {"errcode": 40001, "errmsg": "invalid"}
    graph.will(good(), bad, good(), good("T2"), bad)
    assert graph.send(SEALED, to_them()).outcome is Outcome.SIGN_IN
    asked = [each.json()["force_refresh"] for each in graph.calls if "stable" in each.path]
    assert asked == [False, False, True]
    assert len(graph.calls) == 5


@pytest.mark.parametrize(
    ("code", "outcome", "wait"),
    [
        (-1, Outcome.LATER, 5), (45009, Outcome.LATER, 3600), (45011, Outcome.LATER, 60),
        (45015, Outcome.CLOSED, None), (45047, Outcome.CLOSED, None),
        (43004, Outcome.BLOCKED, None), (48002, Outcome.BLOCKED, None),
        (48001, Outcome.SIGN_IN, None), (50002, Outcome.SIGN_IN, None),
        (40003, Outcome.NEVER, None), (45002, Outcome.NEVER, None), (87014, Outcome.NEVER, None),
    ],
)  # fmt: skip
def test_what_answers_mean(graph: Graph, code: int, outcome: Outcome, wait: float | None) -> None:
    graph.will(good(), {"errcode": code, "errmsg": "why rid: 1"})
    result = graph.send(SEALED, to_them())
    assert (result.outcome, result.retry_after) == (outcome, wait)
    assert result.detail == f"{code} why rid: 1"


def test_an_answer_that_is_none(graph: Graph) -> None:
    graph.will(good(), b"<html>")
    assert graph.send(SEALED, to_them()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(40164, Outcome.SIGN_IN), (40125, Outcome.SIGN_IN), (40243, Outcome.SIGN_IN), (-1, Outcome.LATER)],
)  # fmt: skip
def test_no_token_no_message(graph: Graph, code: int, outcome: Outcome) -> None:
    graph.will({"errcode": code, "errmsg": "invalid ip 192.0.2.1, not in whitelist"})
    result = graph.send(SEALED, to_them())
    assert (result.outcome, len(graph.calls)) == (outcome, 1)
    assert "192.0.2.1" in result.detail


def test_before_there_is_a_token_nothing_can_have_left(graph: Graph) -> None:
    graph.will(b"oops", status=502)
    assert graph.send(SEALED, to_them()).outcome is Outcome.LATER
    graph.answers.clear()
    graph.will(b"<html>")
    assert graph.send(SEALED, to_them()).outcome is Outcome.LATER


def test_a_picture_is_uploaded_first(graph: Graph) -> None:
    graph.will(good(), {"type": "image", "media_id": "M1", "created_at": 1}, OK)
    picture = file("a.png", "image/png", b"pixels")
    result = graph.send(SEALED, to_them("", files=(picture,)))
    assert result.outcome is Outcome.SENT
    _, uploaded, sent = graph.calls
    assert uploaded.path.endswith("media/upload?access_token=T1&type=image")
    assert b'name="media"; filename="a.png"' in uploaded.body
    assert b"pixels" in uploaded.body
    assert sent.json() == {"touser": OPENID, "msgtype": "image", "image": {"media_id": "M1"}}


def test_a_picture_that_is_refused_is_not_sent(graph: Graph) -> None:
    graph.will(good(), {"errcode": 40009, "errmsg": "invalid image size"})
    result = graph.send(SEALED, to_them("", files=(file("a.png", "image/png"),)))
    assert (result.outcome, len(graph.calls)) == (Outcome.NEVER, 2)


def test_other_files_are_not_tried(graph: Graph) -> None:
    for text, kind in (("", "application/pdf"), ("words", "image/png")):
        result = graph.send(SEALED, to_them(text, files=(file("a", kind),)))
        assert result.outcome is Outcome.NEVER
    assert graph.calls == []


def test_a_file_is_fetched_by_its_id(graph: Graph) -> None:
    graph.will(good())
    graph.will(
        b"\xff\xd8pixels",
        Content_Disposition='attachment; filename="m1.jpg"',
        Content_Type="image/jpeg",
    )
    media = SEALED.fetch({"media_id": "m1"})
    assert (media.content, media.name, media.content_type) == (
        b"\xff\xd8pixels",
        "m1.jpg",
        "image/jpeg",
    )
    assert graph.calls[-1].path.endswith("media/get?access_token=T1&media_id=m1")


def test_a_film_is_fetched_from_where_wechat_says(graph: Graph) -> None:
    graph.will(good(), {"video_url": "http://films.example.com/1.mp4"}, b"film")
    assert SEALED.fetch({"media_id": "m1"}).content == b"film"
    assert graph.calls[-1].path == "films.example.com/1.mp4"


def test_a_picture_comes_by_its_address_where_ids_are_not_for_us(graph: Graph) -> None:
    graph.will(good(), {"errcode": 48001, "errmsg": "api unauthorized"}, b"pixels")
    media = SEALED.fetch({"media_id": "m1", "url": "http://mmbiz.example.com/1"})
    assert media.content == b"pixels"


def test_what_cannot_be_fetched(graph: Graph) -> None:
    graph.will(good(), {"errcode": 40007, "errmsg": "invalid media_id"})
    with pytest.raises(Unreadable):
        SEALED.fetch({"media_id": "m1"})
    graph.answers.clear()
    graph.will({"errcode": -1, "errmsg": "system error"})
    with pytest.raises(OSError, match="-1"):
        SEALED.fetch({"media_id": "m1"})


def test_no_secret_is_told() -> None:
    told = f"{SEALED!r} {SEALED}"
    assert not [secret for secret in ("app-secret", TOKEN, AES_KEY) if secret in told]


def test_an_account_is_tried_out(graph: Graph) -> None:
    graph.will(good(), {"ip_list": ["192.0.2.1"]})
    assert SEALED.check("") == ""
    assert graph.calls[-1].path.endswith("cgi-bin/get_api_domain_ip?access_token=T1")
    graph.answers.clear()
    graph.will({"errcode": 40164, "errmsg": "invalid ip 192.0.2.9, not in whitelist"})
    assert SEALED.check("") == "40164 invalid ip 192.0.2.9, not in whitelist"
    assert "43" in make(aes_key="short").check("")
