"""What everybody can read is answered there: in its own length, and at any time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels import chat, receipts
from channels.models import AutomaticMail
from channels.simulators.base import Said
from tests.channels.simulating import Channel, make_channel, running_channels
from tests.factories import make_agent
from tests.working import work
from tickets.models import Message, Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel(settings: Any, transactional_db: None) -> Iterator[Channel]:
    settings.HARBOUR_UNDO_SECONDS = 0
    with running_channels(settings):
        yield make_channel("weibo")


def answer(text: str) -> Message:
    message = reply(Ticket.objects.get(), text, actor=make_agent())
    work()
    message.refresh_from_db()
    return message


def heard(channel: Channel, **values: Any) -> None:
    assert channel.hear(Said(person="ann", text="我的订单呢", **values)) == [200]
    work()


def test_a_comment_is_answered_in_comments_that_each_hold_140_characters(channel: Channel) -> None:
    heard(channel, is_public=True)
    assert channel.told() == []
    rules = set(AutomaticMail.objects.values_list("suppressed_by", flat=True))
    assert "public-comment" in rules
    assert "" not in rules
    text = " ".join(f"word{n}" for n in range(40))
    assert answer(text).failure == ""
    lines = [line for line in channel.simulator.tape.lines() if line.direction == "out"]
    assert [(line.is_public, len(line.text) <= 140) for line in lines] == [(True, True)] * 2
    assert " ".join(line.text for line in lines) == text


def test_a_comment_is_answered_when_the_window_for_messages_has_closed(channel: Channel) -> None:
    heard(channel, is_public=True)
    Message.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert answer("已为您查询").failure == ""
    assert channel.told() == ["已为您查询"]
    ticket = Ticket.objects.get()
    assert chat.left_in_window(channel.account, ticket) == (None, None)


def test_a_message_is_not(channel: Channel) -> None:
    heard(channel)
    ticket = Ticket.objects.get()
    left, _ = chat.left_in_window(channel.account, ticket)
    assert left is not None
    Message.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert "time to answer" in answer("已为您查询").failure


def test_a_comment_that_was_pushed_and_listed_is_one(channel: Channel) -> None:
    begin = channel.account.adapter.poll("")
    assert begin is not None
    heard(channel, is_public=True)
    found = channel.account.adapter.poll(begin.cursor)
    assert found is not None
    [body] = found.bodies
    receipts.accept(channel.account, body, {"door": "poll"})
    work()
    assert Message.objects.filter(direction="inbound").count() == 1
