"""The demo's simulated channels, as a newcomer tries them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from channels.simulators.base import Simulator
from tests.channels.simulating import SPOKEN, make_channel, running_channels
from tests.working import work
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guest(settings: Any, transactional_db: None) -> Iterator[Client]:
    with running_channels(settings):
        yield Client()


@pytest.mark.parametrize("kind", sorted(Simulator.registry.keys() - SPOKEN))
def test_what_is_typed_becomes_a_ticket_and_its_number_comes_back(guest: Client, kind: str) -> None:
    channel = make_channel(kind)
    assert kind in guest.get("/playground/").content.decode()
    place = f"/playground/{kind}/"
    said = {"person": "ann", "act": "message", "text": "充值没有到账，怎么办？"}
    assert guest.post(place, said).status_code == 302
    work()
    number = Ticket.objects.get().number
    shown = guest.get(place, {"person": "ann"}).content.decode()
    assert "充值没有到账" in shown
    if channel.account.adapter.capabilities.is_public:
        assert number not in shown  # an acknowledgement is for nobody else's eyes
        return
    assert number in shown
    assert number in guest.get(place, {"person": "ann", "part": "1"}).content.decode()


def test_a_platform_that_tells_twice_makes_one_message(guest: Client) -> None:
    make_channel("telegram")
    said = {"person": "bob", "act": "message", "text": "hello there", "twice": "on"}
    assert guest.post("/playground/telegram/", said).status_code == 302
    work()
    assert Message.objects.filter(text="hello there").count() == 1


def test_without_simulators_there_is_no_playground(client: Client, settings: Any) -> None:
    settings.HARBOUR_SIMULATORS = False
    assert client.get("/playground/").status_code == 404
    assert client.post("/playground/telegram/", {}).status_code == 404
    assert client.get("/simulators/at/api.telegram.org/x").status_code == 404
