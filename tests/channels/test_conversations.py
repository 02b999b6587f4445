"""A whole conversation in each channel: heard, acknowledged, answered, asked about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels.models import AutomaticMail, Delivery
from channels.simulators.base import Said
from channels.tasks import complete_attachments
from tests.channels.simulating import KINDS, Channel, make_channel, running_channels
from tests.factories import make_agent
from tests.working import work
from tickets.files import open_file
from tickets.models import Message, Ticket
from tickets.operations.reply import reply

pytestmark = [pytest.mark.django_db(transaction=True), KINDS]
ANN = "ann"


@pytest.fixture
def channel(kind: str, settings: Any, transactional_db: None) -> Iterator[Channel]:
    settings.HARBOUR_UNDO_SECONDS = 0
    with running_channels(settings):
        yield make_channel(kind)


def customer_says(channel: Channel, text: str, **values: Any) -> None:
    assert channel.hear(Said(person=ANN, name="Ann", text=text, **values)) == [200]
    work()


def is_public(channel: Channel) -> bool:
    return channel.account.adapter.capabilities.is_public


def answers(channel: Channel) -> list[str]:
    """What the customer got besides the acknowledgement, which is never public."""
    return channel.told()[0 if is_public(channel) else 1 :]


def agent_answers(text: str) -> Message:
    message = reply(Ticket.objects.get(), text, actor=make_agent())
    work()
    message.refresh_from_db()
    return message


def test_heard_acknowledged_answered_and_asked_about(channel: Channel) -> None:
    if is_public(channel):
        return
    customer_says(channel, "充值没有到账，请帮忙查询一下")
    ticket = Ticket.objects.get()
    [acknowledgement] = channel.told()
    assert ticket.number in acknowledgement
    assert "工单" in acknowledgement
    message = agent_answers("已为您查询，请提供交易哈希。")
    assert channel.told()[1:] == ["已为您查询，请提供交易哈希。"]
    assert message.sent_at is not None
    assert message.failure == ""
    customer_says(channel, "好的，稍后发给您")
    ticket.refresh_from_db()
    assert ticket.status == "open"
    customer_says(channel, ticket.number)
    assert ticket.number in channel.told()[-1]
    assert Ticket.objects.count() == 1
    kinds = AutomaticMail.objects.filter(suppressed_by="").values_list("kind", flat=True)
    assert list(kinds) == ["acknowledgement"]


def test_in_public_an_agent_answers_and_nothing_else_does(channel: Channel) -> None:
    if not is_public(channel):
        return
    customer_says(channel, "充值没有到账，请帮忙查询一下")
    ticket = Ticket.objects.get()
    agent_answers("已为您查询，请看私信。")
    customer_says(channel, ticket.number)
    assert channel.told() == ["已为您查询，请看私信。"]
    assert Ticket.objects.count() == 1
    assert not AutomaticMail.objects.filter(suppressed_by="").exists()
    assert AutomaticMail.objects.filter(suppressed_by="public-comment").exists()


def test_a_long_answer_arrives_whole_and_in_order(channel: Channel) -> None:
    customer_says(channel, "hello, my card was charged twice")
    able = channel.account.adapter.capabilities
    words = [f"word{n}" for n in range(able.text * 2 // 7)]
    agent_answers(" ".join(words))
    parts = answers(channel)
    assert len(parts) > 1
    assert " ".join(parts).split() == words
    assert {row.status for row in Delivery.objects.all()} == {"sent"}


def test_a_part_that_has_to_wait_holds_up_what_follows(channel: Channel) -> None:
    customer_says(channel, "hello, my card was charged twice")
    channel.simulator.tape.plan("429")
    first, second = reply(Ticket.objects.get(), "first", actor=make_agent()), None
    second = reply(first.ticket, "second", actor=make_agent())
    work()
    assert answers(channel) == []
    Delivery.objects.filter(status="queued").update(due_at=timezone.now())
    work()
    assert answers(channel) == ["first", "second"]
    assert second is not None


def test_a_reply_for_tomorrow_holds_up_nothing_today(channel: Channel) -> None:
    customer_says(channel, "hello, my card was charged twice")
    channel.forget()
    ticket, tomorrow = Ticket.objects.get(), timezone.now() + timedelta(days=1)
    reply(ticket, "for tomorrow", actor=make_agent(), send_at=tomorrow)
    agent_answers("for today")
    assert channel.told() == ["for today"]


def test_what_may_have_arrived_is_shown_and_not_sent_again(channel: Channel) -> None:
    customer_says(channel, "hello, my card was charged twice")
    channel.simulator.tape.plan("accept_then_hang_up")
    message = agent_answers("your refund is on its way")
    Delivery.objects.filter(status="queued").update(due_at=timezone.now())
    work()
    message.refresh_from_db()
    assert answers(channel) == ["your refund is on its way"]
    status = Delivery.objects.get(message=message).status
    is_dropped = channel.account.adapter.capabilities.is_idempotent
    assert (status, bool(message.failure)) == (("sent", False) if is_dropped else ("unknown", True))


def test_who_has_blocked_us_is_told_to_the_agent_in_words(channel: Channel) -> None:
    customer_says(channel, "hello, my card was charged twice")
    channel.simulator.tape.plan("blocked")
    message = agent_answers("your refund is on its way")
    assert "blocked us" in message.failure
    assert "cannot be reached" in agent_answers("and another").failure


def test_an_account_that_lost_its_right_says_so_and_keeps_its_messages(channel: Channel) -> None:
    customer_says(channel, "hello, my card was charged twice")
    channel.simulator.tape.plan("bad_token", times=3)
    message = agent_answers("your refund is on its way")
    channel.account.refresh_from_db()
    assert channel.account.needs_sign_in
    assert Delivery.objects.get(message=message).status == "queued"


def test_the_window_is_kept_without_asking_the_platform(channel: Channel) -> None:
    customer_says(channel, "hello, my card was charged twice")
    window = channel.account.adapter.capabilities.window
    if window.length is None:
        return
    long_ago = timezone.now() - (window.human or window.length) - timedelta(minutes=1)
    Message.objects.update(created_at=long_ago)
    message = agent_answers("your refund is on its way")
    assert "time to answer" in message.failure
    assert answers(channel) == []


def test_a_picture_is_fetched_from_the_platform_and_kept(channel: Channel) -> None:
    if channel.account.kind == "page_comments":
        return  # comments come without files
    customer_says(channel, "here is what I see", file="screen.png")
    attachment = Message.objects.get().attachments.get()
    assert attachment.key == ""
    complete_attachments()
    attachment.refresh_from_db()
    assert attachment.content_type == "image/png"
    with open_file(attachment.key) as content:
        assert content.read().startswith(b"\x89PNG")
    complete_attachments()
    assert Message.objects.get().attachments.count() == 1
