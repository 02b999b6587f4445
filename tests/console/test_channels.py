"""Connecting channels in the console."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels import connecting, matrix
from channels.models import Account
from channels.simulators.base import Simulator
from people.models import User
from support.models import Event
from tests.channels.simulating import running_channels
from tests.factories import make_agent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(settings: Any, transactional_db: None) -> Iterator[Client]:
    with running_channels(settings):
        client = Client()
        client.force_login(make_agent(role=User.Role.ADMIN))
        yield client


def connected(admin: Client, kind: str = "telegram", **values: Any) -> Account:
    given = {"name": "Chat", **Simulator.registry[kind].account(), **values}
    response = admin.post(reverse("console:channel_connect", args=[kind]), given)
    assert response.status_code == 302, response.content.decode()[-2000:]
    return Account.objects.get()


def page(admin: Client, account: Account) -> str:
    return str(admin.get(reverse("console:channel", args=[account.pk])).content.decode())


@pytest.mark.parametrize("kind", sorted(Simulator.registry))
def test_each_channel_is_connected_by_its_own_form_and_tried_out(admin: Client, kind: str) -> None:
    account = connected(admin, kind)
    assert account.inbox.name == "Chat"
    assert "Chat" in admin.get(reverse("console:channels")).content.decode()
    assert admin.get(reverse("console:channel_connect", args=[kind])).status_code == 200
    shown = page(admin, account)
    assert str(account.uuid) in shown
    response = admin.post(reverse("console:channel_test", args=[account.pk]), follow=True)
    assert "The connection works." in response.content.decode()


def test_secrets_are_stored_sealed_and_never_shown_again(admin: Client) -> None:
    account = connected(admin)
    for secret in Simulator.registry["telegram"].account().values():
        assert secret not in page(admin, account)
        assert not Event.objects.filter(payload__icontains=secret).exists()
    admin.post(reverse("console:channel", args=[account.pk]), {"bot_token": ""})
    account.refresh_from_db()
    assert account.settings["bot_token"] == Simulator.registry["telegram"].account()["bot_token"]


def test_a_wrong_token_is_told_in_words_and_a_right_one_mends_it(admin: Client) -> None:
    account = connected(admin, bot_token="999:wrong")
    response = admin.post(reverse("console:channel_test", args=[account.pk]), follow=True)
    assert "Unauthorized" in response.content.decode()
    account.refresh_from_db()
    assert account.needs_sign_in
    right = Simulator.registry["telegram"].account()["bot_token"]
    admin.post(reverse("console:channel", args=[account.pk]), {"bot_token": right})
    account.refresh_from_db()
    assert (account.needs_sign_in, account.error) == (False, "")


def test_a_channel_that_is_off_takes_nothing(admin: Client) -> None:
    account = connected(admin)
    admin.post(reverse("console:channel_switch", args=[account.pk]))
    account.refresh_from_db()
    assert not account.is_active
    call = {"data": b"{}", "content_type": "application/json"}
    assert admin.post(f"/hooks/{account.uuid}/", **call).status_code == 404


def test_what_is_missing_is_asked_for(admin: Client) -> None:
    response = admin.post(reverse("console:channel_connect", args=["line"]), {"name": "LINE"})
    assert response.status_code == 422
    assert not Account.objects.exists()


def test_only_administrators_connect_channels() -> None:
    client = Client()
    client.force_login(make_agent())
    for place in (reverse("console:channels"), reverse("console:channel_connect", args=["line"])):
        assert client.get(place).status_code == 403


def test_the_matrix_names_every_channel() -> None:
    assert [row.kind for row in matrix.rows()] == list(connecting.kinds())
    assert all(row.text[0].isdigit() for row in matrix.rows())


def test_a_provider_that_is_away_says_nothing_of_our_right(admin: Client, settings: Any) -> None:
    account = connected(admin)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        settings.HARBOUR_PROVIDERS = {"*": f"http://127.0.0.1:{deaf.getsockname()[1]}"}
        admin.post(reverse("console:channel_test", args=[account.pk]))
    account.refresh_from_db()
    assert account.error
    assert not account.needs_sign_in


def test_what_cannot_be_asked_is_not_called_working(admin: Client) -> None:
    account = connected(admin, "weibo", account_token="")
    response = admin.post(reverse("console:channel_test", args=[account.pk]), follow=True)
    shown = response.content.decode()
    assert "cannot be asked" in shown
    assert "The connection works." not in shown
