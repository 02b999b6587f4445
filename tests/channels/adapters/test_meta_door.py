"""What all of Meta's products have in common: proof, handshake, entries, outcomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.base import Forged, Outcome, Unreadable
from channels.happenings import Unknown
from channels.meta.graph import GraphError
from channels.meta.messenger_send import MEANINGS as MESSENGER
from channels.meta.whatsapp_send import MEANINGS as WHATSAPP
from tests.channels.adapters.meta_calls import IDS, WORD, call, make, parse

EVERY = pytest.mark.parametrize("kind", sorted(IDS))
#: Meta escapes what is not ASCII; the signature is of these very bytes.
BODY = (
    b'{"object":"page","entry":[{"id":"4711","time":1795300000,'
    b'"messaging":[{"text":"\\u5145\\u503c"}]}]}'
)
SIGNED = "d205c9d03b863380b2e0b90ab498b134a93e1fcc370a18fed3b29c3e7a2e23a2"
NAME = "X-Hub-Signature-256"


def test_the_signature_is_this_value() -> None:
    headers = {NAME: "sha256=c3a92ff9e274cdcce27a58c15a78ec6dcbbdbd0038a87e7a11baef2028fd8bff"}
    make("messenger", app_secret="k").verify(call(b'{"a":1}', headers=headers))


@EVERY
def test_a_signed_call_is_meta_s(kind: str) -> None:
    make(kind).verify(call(BODY))
    assert call(BODY).headers[NAME] == f"sha256={SIGNED}"


@EVERY
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {NAME: ""},
        {NAME: "sha256="},
        {NAME: f"sha256={SIGNED[:-2]}"},
        {NAME: SIGNED},
        {NAME: f"sha256={SIGNED.upper()}"},
        {NAME: "sha256=\udce9"},
        {"X-Hub-Signature": "sha1=6c2c9bd0f5fb4ac9a8e8e2ac2ea0ff4d0d8a8b3f"},
    ],
)
def test_no_other_proof_is_taken(kind: str, headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        make(kind).verify(call(BODY, headers=headers))


@EVERY
def test_the_same_meaning_in_other_bytes_is_refused(kind: str) -> None:
    other = json.dumps(json.loads(BODY), ensure_ascii=False).encode()
    with pytest.raises(Forged):
        make(kind).verify(call(other, headers=call(BODY).headers))
    with pytest.raises(Forged):
        make(kind).verify(call(BODY, secret="another-secret"))


@EVERY
def test_two_secrets_are_good_while_they_change(kind: str) -> None:
    adapter = make(kind, app_secret="new-one, app-secret")
    adapter.verify(call(BODY))
    adapter.verify(call(BODY, secret="new-one"))
    with pytest.raises(Forged):
        make(kind, app_secret="").verify(call(BODY, secret=""))


@EVERY
def test_the_challenge_goes_back_to_who_knows_our_word(kind: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": WORD, "hub.challenge": "1158201444"}
    reply = make(kind).handshake(call(method="GET", query=query))
    assert reply is not None
    assert (reply.body, reply.content_type.partition(";")[0]) == (b"1158201444", "text/plain")
    for word in ("", "our-wor", "other"):
        with pytest.raises(Forged):
            make(kind).handshake(call(method="GET", query=query | {"hub.verify_token": word}))
    assert make(kind).handshake(call(BODY, query=query)) is None
    assert make(kind).handshake(call(method="GET")) is None


@EVERY
@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[1]", b"7", b'{"entry":7}', b"{}", b"null", b"[" * 100_000]
)
def test_what_is_no_call_of_meta_s_is_unreadable(kind: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(make(kind), body)


@EVERY
@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        {},
        {"id": "another"},
        {"messaging": 7, "changes": "x"},
        {"messaging": [None, 7, "message", [], {}], "changes": [None, 7, {}, {"value": None}]},
        {"changes": [{"field": "messages", "value": {"metadata": None}}]},
        {"messaging": [{"message": 7}, {"message": {"mid": "m"}}, {"read": []}]},
    ],
)
def test_malformed_parts_are_unknown_and_stop_nothing(kind: str, entry: Any) -> None:
    own = next(iter(IDS[kind].values()))
    whole = {"id": own, "time": 1} | entry if isinstance(entry, dict) else entry
    for each in parse(make(kind), {"entry": [whole, whole]}):
        assert isinstance(each, Unknown)
        assert each.external_id.startswith("unknown:")


@EVERY
def test_another_product_s_call_is_unknown(kind: str) -> None:
    [found] = parse(make(kind), {"object": "user", "entry": [{"id": "1"}]})
    assert isinstance(found, Unknown)
    again = parse(make(kind), {"object": "user", "entry": [{"id": "1"}]})
    assert [found.external_id] == [each.external_id for each in again]


@pytest.mark.parametrize(
    ("code", "subcode", "outcome"),
    [
        *((code, 0, Outcome.LATER) for code in (1, 2, 4, 17, 32, 613, 1200, 80001, 80006)),
        (10, 1893063, Outcome.LATER),
        (10, 2018278, Outcome.CLOSED),
        (10, 2534022, Outcome.CLOSED),
        (551, 0, Outcome.BLOCKED),
        (551, 1545041, Outcome.BLOCKED),
        (200, 1545041, Outcome.BLOCKED),
        *((code, 0, Outcome.SIGN_IN) for code in (3, 10, 102, 190, 200, 299)),
        (190, 463, Outcome.SIGN_IN),
        (200, 2534041, Outcome.SIGN_IN),
        *((code, 0, Outcome.NEVER) for code in (100, 230, 368, 10900, 10903, 10904, 777)),
        (100, 2018001, Outcome.NEVER),
        (200, 2018028, Outcome.NEVER),
        (1, 1357046, Outcome.UNKNOWN),
    ],
)
def test_what_messenger_s_codes_mean(code: int, subcode: int, outcome: Outcome) -> None:
    assert MESSENGER.of(GraphError(code, subcode, ""), 400) is outcome


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ((4, 80007, 130429, 131048, 131049, 131056, 133016, 131064), Outcome.LATER),
        ((131000, 131016, 131053, 131057, 1, 2), Outcome.LATER),
        ((131047,), Outcome.CLOSED),
        ((131026, 131050), Outcome.BLOCKED),
        ((131008, 131009, 131021, 131030, 131051, 131062, 130472, 130497), Outcome.NEVER),
        ((100, 132000, 132001, 132015, 132016, 99999), Outcome.NEVER),
        ((0, 3, 10, 190, 200, 299, 368, 131005, 131031, 131042), Outcome.SIGN_IN),
    ],
)
def test_what_whatsapp_s_codes_mean(codes: tuple[int, ...], outcome: Outcome) -> None:
    for code in codes:
        assert WHATSAPP.of(GraphError(code, 0, ""), 400) is outcome, code
    assert WHATSAPP.of(GraphError(99999, 0, ""), 503) is Outcome.LATER
