from __future__ import annotations

import pytest
from django.test import Client

from people.models import User
from tests.factories import make_agent

pytestmark = pytest.mark.django_db


def test_agents_choose_their_signature_and_mail_and_nothing_else(client: Client) -> None:
    agent, other = make_agent(), make_agent()
    client.force_login(agent)
    assert "My settings" in client.get("/console/me/").content.decode()
    values = {"name": "Mia", "signature": "Mia\nHarbour", "wants_mail": "on", "role": "admin"}
    assert client.post("/console/me/", {**values, "sees_all_tickets": ""}).status_code == 302
    agent.refresh_from_db()
    assert (agent.name, agent.signature, agent.wants_mail) == ("Mia", "Mia\nHarbour", True)
    assert (agent.role, agent.sees_all_tickets) == (User.Role.AGENT, True)
    other.refresh_from_db()
    assert not other.wants_mail


def test_too_long_a_name_is_refused_in_words(client: Client) -> None:
    client.force_login(make_agent())
    answer = client.post("/console/me/", {"name": "x" * 121})
    assert answer.status_code == 422
    assert "120" in answer.content.decode()


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    assert client.get("/console/me/").status_code == 302
