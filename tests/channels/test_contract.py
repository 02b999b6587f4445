"""What every channel owes, asked of each registered adapter through its simulator."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from channels.base import Outcome
from channels.models import Receipt
from channels.simulated import deliver
from channels.simulators.base import Said
from channels.splitting import measure, split
from tests.channels.simulating import (
    KINDS,
    Channel,
    bare,
    make_channel,
    reserialised,
    running_channels,
    truncated,
)
from tests.working import work
from tickets.models import Message

pytestmark = [pytest.mark.django_db(transaction=True), KINDS]
#: Their proof is a shared secret that says nothing of the body; WeChat's is of what is encrypted,
#: and of nothing around it (test_wechat.py holds that), Weibo's of a time and a number alone.
SECRET_ONLY = {"telegram", "wechat", "weibo"}
ANN = "ann"


@pytest.fixture
def channel(kind: str, settings: Any, transactional_db: None) -> Iterator[Channel]:
    with running_channels(settings):
        yield make_channel(kind)


def test_what_a_customer_says_becomes_a_message(channel: Channel) -> None:
    text = "充值没到账 😀 where is my deposit?"
    assert channel.hear(Said(person=ANN, name="Ann", text=text)) == [200]
    work()
    message = Message.objects.get()
    assert message.text == text
    assert message.contact is not None
    assert message.contact.identities.filter(kind=channel.account.kind).count() == 1
    assert message.ticket.thread


@pytest.mark.parametrize("spoil", [bare, truncated])
def test_a_call_without_proof_leaves_nothing(channel: Channel, spoil: Any) -> None:
    for call in channel.calls(Said(person=ANN, text="hello")):
        assert deliver(channel.account, spoil(call)) == 403
        assert deliver(channel.account, channel.simulator.forged(call)) == 403
        assert deliver(channel.account, call) == 200
    assert Receipt.objects.count() == 1


def test_a_proof_is_of_these_bytes_and_no_others(channel: Channel, kind: str) -> None:
    if kind in SECRET_ONLY:
        return
    for call in channel.calls(Said(person=ANN, text="hello")):
        assert deliver(channel.account, reserialised(call)) == 403
    assert not Receipt.objects.exists()


def test_a_hundred_repetitions_are_one_message(channel: Channel) -> None:
    [call] = channel.calls(Said(person=ANN, text="only once"))
    assert {deliver(channel.account, call) for _ in range(100)} == {200}
    work()
    assert Message.objects.filter(text="only once").count() == 1


def test_twenty_calls_at_once_are_one_message(channel: Channel) -> None:
    [call] = channel.calls(Said(person=ANN, text="only once"))
    with ThreadPoolExecutor(20) as threads:
        answers = threads.map(lambda _: deliver(channel.account, call), range(20))
        assert set(answers) == {200}
    work()
    assert Message.objects.filter(text="only once").count() == 1


def test_any_order_files_everything(channel: Channel) -> None:
    calls = [c for n in range(6) for c in channel.calls(Said(person=ANN, text=f"line {n}"))]
    for call in calls[::-1]:
        assert deliver(channel.account, call) == 200
    work()
    found = set(Message.objects.filter(direction="inbound").values_list("text", flat=True))
    assert found == {f"line {n}" for n in range(6)}
    assert Message.objects.filter(direction="inbound").values("ticket").distinct().count() == 1


def test_our_answer_arrives(channel: Channel) -> None:
    to = _met(channel)
    result = channel.send("Your deposit has arrived. 已到账", to=to)
    assert (result.outcome, bool(result.external_id)) == (Outcome.SENT, True)
    assert channel.told() == ["Your deposit has arrived. 已到账"]


def test_a_long_answer_is_taken_in_parts(channel: Channel) -> None:
    to, able = _met(channel), channel.account.adapter.capabilities
    text = "进度说明 😀 see https://example.com/help/deposit. " * (able.text // 20)
    parts = split(text, able.text, able.unit)
    assert len(parts) > 1
    assert all(measure(part, able.unit) <= able.text for part in parts)
    assert [channel.send(part, to=to).outcome for part in parts] == [Outcome.SENT] * len(parts)


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ("429", {Outcome.LATER}),
        ("500", {Outcome.LATER, Outcome.UNKNOWN}),
        ("accept_then_hang_up", {Outcome.UNKNOWN}),
        ("blocked", {Outcome.BLOCKED}),
        ("window_closed", {Outcome.CLOSED, Outcome.BLOCKED}),
        ("bad_token", {Outcome.SIGN_IN}),
    ],
)
def test_each_failure_is_told_apart(channel: Channel, fault: str, outcomes: set[Outcome]) -> None:
    to = _met(channel)
    channel.simulator.tape.plan(fault, times=3)
    result = channel.send("hello", to=to)
    assert result.outcome in outcomes, result
    assert len(channel.told()) == (1 if fault == "accept_then_hang_up" else 0)
    secrets = [str(value) for value in channel.account.settings.values() if len(str(value)) > 8]
    assert not [secret for secret in secrets if secret in result.detail]


def test_what_nobody_knows_is_answered_and_kept(channel: Channel) -> None:
    [call] = channel.calls(Said(person=ANN, text="what", act="unheard_of"))
    assert deliver(channel.account, call) == 200
    work()
    assert Receipt.objects.exclude(status="waiting").count() == 1


def _met(channel: Channel) -> str:
    """A customer has written: the conversation that we may answer in."""
    channel.hear(Said(person=ANN, name="Ann", text="hello"))
    work()
    channel.forget()
    return Message.objects.get().ticket.thread
