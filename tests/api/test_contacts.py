"""Contacts and the short lists."""

from typing import Any

import pytest

from people.models import Contact
from people.operations import Address, lock_contact, verify
from tests.api.conftest import Api
from tests.factories import make_agent
from tickets.models import Category


def test_a_contact_is_made_found_and_changed(api: Api) -> None:
    body = {"email": "Dee@Example.org", "name": "Dee", "language": "zh-hans"}
    made = api.post("contacts", body)
    assert made.status_code == 201, made.content
    assert made.json()["identities"] == [
        {"kind": "email", "value": "dee@example.org", "is_verified": False,
         "is_undeliverable": False}
    ]  # fmt: skip
    verify(Address.email("dee@example.org"))
    found = api.get("contacts?email=DEE@example.org").json()["data"]
    assert [row["name"] for row in found] == ["Dee"]
    assert found[0]["identities"][0]["is_verified"]
    path = made["Location"].removeprefix("/api/v1/")
    changed = api.patch(path, {"name": "Dee Ray"})
    assert (changed.json()["name"], changed.json()["language"]) == ("Dee Ray", "zh-hans")
    assert api.get(path).json() == changed.json()
    assert api.get("contacts?email=no@example.org").json()["data"] == []


def test_an_address_belongs_to_one_contact(api: Api) -> None:
    contact = lock_contact(Address.email("dee@example.org"))
    answer = api.post("contacts", {"email": "dee@example.org", "name": "Else"})
    assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (409, "contact_exists")
    assert str(contact.pk) in answer.json()["detail"]


@pytest.mark.parametrize("body", [{"email": "b@example.org"}, {"identities": []}, {"language": "xx"},
                                  {"name": "x" * 121}, {"id": 5}, {"name": None}])  # fmt: skip
def test_nothing_else_of_a_contact_can_be_changed(api: Api, body: Any) -> None:
    contact = lock_contact(Address.email("dee@example.org"))
    assert api.patch(f"contacts/{contact.pk}", body).status_code == 422
    assert Contact.objects.values().get(pk=contact.pk)["name"] == ""


@pytest.mark.parametrize("pk", ["0", "999999999999999999999999", "abc", "1.5", "-1"])
def test_no_such_contact_is_a_404(api: Api, pk: str) -> None:
    assert api.get(f"contacts/{pk}").status_code == 404


def test_lists_of_contacts_cost_few_queries(api: Api, django_assert_max_num_queries: Any) -> None:
    for number in range(6):
        lock_contact(Address.email(f"c{number}@example.org"))
    with django_assert_max_num_queries(4):
        assert len(api.get("contacts").json()["data"]) == 6


def test_the_short_lists_say_what_other_calls_refer_to(api: Api) -> None:
    agent = make_agent()
    Category.objects.create(slug="light", name="Light", name_zh="灯")
    assert api.get("teams").json()["data"][0]["name"] == "Support"
    assert {row["email"] for row in api.get("agents").json()["data"]} == {agent.email}
    assert api.get("categories").json()["data"][0]["slug"] == "light"
    inbox = api.get("inboxes").json()["data"][0]
    assert (inbox["name"], inbox["team"]["name"]) == ("Front desk", "Support")
