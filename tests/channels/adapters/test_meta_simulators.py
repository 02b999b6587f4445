"""What only the simulators of Meta's products do, and what their adapters make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels.base import OutboundFile, Outcome, RawCall
from channels.happenings import Deleted, Edited, Inbound, OptedIn, Pressed
from channels.simulators.base import Said
from channels.simulators.meta import person_id
from channels.simulators.telegram import PIXEL
from channels.simulators.whatsapp import person_number
from tests.channels.simulating import Channel, make_channel, running_channels
from tickets import files
from tickets.inbound import InboundMessage

pytestmark = pytest.mark.django_db(transaction=True)
META = ("instagram", "messenger", "page_comments", "whatsapp")
TALKS = ("instagram", "messenger", "whatsapp")


@pytest.fixture
def make(settings: Any, transactional_db: None) -> Iterator[Callable[[str], Channel]]:
    with running_channels(settings):
        yield make_channel


def told(channel: Channel, said: Said) -> Inbound:
    [call] = channel.calls(said)
    raw = RawCall(body=call.body, meta={}, receipt_id=1)
    [found] = channel.account.adapter.parse(raw)
    return found


def message(channel: Channel, said: Said) -> InboundMessage:
    found = told(channel, said)
    assert isinstance(found, InboundMessage)
    return found


def heard(channel: Channel, thread: str, *, hours: float) -> None:
    """The customer wrote so long ago."""
    at = (timezone.now() - timedelta(hours=hours)).isoformat()
    channel.simulator.tape.add(id=f"old-{hours}", direction="in", thread=thread, at=at)


def test_what_customers_do_is_understood(make: Callable[[str], Channel]) -> None:
    for kind in META:
        channel = make(kind)
        first = message(channel, Said(person="ann", text="hello / 充值"))
        assert first.text == "hello / 充值"
        known = {"edit": Edited, "delete": Deleted, "press": Pressed, "start": OptedIn}
        for act in channel.simulator.acts[1:]:
            said = Said(person="ann", act=act, about=first.external_id, text="changed")
            found = told(channel, said)
            assert isinstance(found, known[act]), (kind, act)
            assert found.thread == first.thread
        answering = Said(person="ann", text="and?", about=first.external_id)
        assert message(channel, answering).references == (first.external_id,)


def test_a_picture_is_fetched(make: Callable[[str], Channel]) -> None:
    for kind in META:
        channel = make(kind)
        [file] = message(channel, Said(person="ann", text="see", file="card.png")).files
        assert channel.account.adapter.fetch(file.source or {}).content == PIXEL


def test_a_picture_is_taken(make: Callable[[str], Channel]) -> None:
    picture = OutboundFile(name="card.png", content_type="image/png", key=files.keep(PIXEL))
    for kind in TALKS:
        channel = make(kind)
        to = message(channel, Said(person="ann", text="hello")).thread
        assert channel.send("", to=to, files=(picture,)).outcome is Outcome.SENT
        assert channel.simulator.tape.lines()[-1].file == "card.png"


def test_who_never_wrote_is_not_written_to(make: Callable[[str], Channel]) -> None:
    for kind in TALKS:
        result = make(kind).send("hello", to="15550009999")
        assert result.outcome in (Outcome.CLOSED, Outcome.NEVER), kind


def test_the_window_is_the_platform_s_own_too(make: Callable[[str], Channel]) -> None:
    for kind in TALKS:
        channel = make(kind)
        to = person_number("ann") if kind == "whatsapp" else person_id("ann")
        for hours, outcome in ((30, Outcome.CLOSED), (1, Outcome.SENT)):
            heard(channel, to, hours=hours)
            assert channel.send("hello", to=to).outcome is outcome, (kind, hours)


def test_a_person_may_answer_for_a_week(make: Callable[[str], Channel]) -> None:
    channel, to = make("messenger"), person_id("ann")
    for hours, outcome in ((7 * 24 + 1, Outcome.CLOSED), (30, Outcome.SENT)):
        heard(channel, to, hours=hours)
        a_day_ago = timezone.now() - timedelta(hours=30)  # what we believe
        assert channel.send("hello", to=to, last_heard_at=a_day_ago).outcome is outcome


def test_a_comment_has_one_private_reply(make: Callable[[str], Channel]) -> None:
    for kind in ("page_comments", "instagram"):
        channel = make(kind)
        said = Said(person="ann", text="my card?", is_public=True)
        comment = message(channel, said)
        assert comment.is_public
        public = channel.send("We look into it.", to=comment.thread, is_public=True)
        assert public.outcome is Outcome.SENT
        first, second = (
            channel.send("Which card?", to=comment.thread, is_public=False) for _ in range(2)
        )
        assert (first.outcome, first.thread) == (Outcome.SENT, person_id("ann"))
        assert (second.outcome, second.detail[:5]) == (Outcome.NEVER, "10900")
        assert message(channel, replace(said, thread=comment.external_id)).thread == comment.thread


def test_trying_out_tells_what_is_wrong(make: Callable[[str], Channel]) -> None:
    other = {"whatsapp": "phone_number_id", "instagram": "instagram_id"}
    for kind in META:
        account = make(kind).account
        right = dict(account.settings)
        assert account.adapter.check("") == ""
        account.settings = right | {"access_token": "EAAwrong"}
        assert account.adapter.check("").startswith("190/460 "), kind
        account.settings = right | {other.get(kind, "page_id"): "999"}
        assert account.adapter.check("") != "", kind


def test_what_is_too_long_is_refused(make: Callable[[str], Channel]) -> None:
    for kind in META:
        channel = make(kind)
        to = message(channel, Said(person="ann", text="hello")).thread
        assert channel.send("充" * 9000, to=to).outcome is Outcome.NEVER
