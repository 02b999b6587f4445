"""Tickets and messages over REST: read, opened, changed, answered."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from api.models import IdempotentCall
from channels.models import Receipt
from people.models import Team
from support.models import Event
from tests.api.conftest import Api, api_with, ticket_body
from tests.factories import make_agent, make_message, make_ticket
from tickets.models import Category, Inbox, Message, Status, Ticket
from tickets.operations.lifecycle import merge, set_status


def test_a_ticket_opened_by_rest_is_like_any_other(api: Api) -> None:
    Category.objects.create(slug="light", name="Light")
    answer = api.post("tickets", ticket_body(category="light", priority="high", tags=["VIP"]))
    assert answer.status_code == 201, answer.content
    ticket = Ticket.objects.get()
    shown = answer.json()
    assert answer["Location"] == f"/api/v1/tickets/{ticket.reference}"
    assert answer["ETag"] == f'"{ticket.last_event_id}"'
    assert (shown["reference"], shown["number"]) == (ticket.reference, ticket.number)
    assert (shown["priority"], shown["tags"], shown["category"]) == ("high", ["vip"], "light")
    assert shown["requester"]["email"] == "bo@example.org"
    message = ticket.messages.get()
    assert message.external_id.startswith("api:")
    assert not message.is_verified
    assert Event.objects.filter(kind="ticket.opened").count() == 1
    assert Receipt.objects.count() == 0


def test_a_ticket_is_found_by_any_writing_of_its_number(api: Api) -> None:
    ticket = make_ticket()
    for number in (ticket.reference, ticket.number, ticket.number.replace("-", " ")):
        assert api.get(f"tickets/{number}").json()["reference"] == ticket.reference
    assert api.get(f"tickets/{ticket.reference}/").status_code == 200


def test_the_number_of_a_merged_ticket_leads_to_the_survivor(api: Api) -> None:
    old, new = make_ticket(), make_ticket()
    merge(old, new, actor=None)
    assert api.get(f"tickets/{old.reference}").json()["reference"] == new.reference
    listed = [row["reference"] for row in api.get("tickets").json()["data"]]
    assert listed == [new.reference]


@pytest.mark.parametrize("number", ["4829137304561", "1", "x" * 500, "%00", "٤", "../contacts"])
def test_no_such_ticket_is_a_404(api: Api, number: str) -> None:
    assert api.get(f"tickets/{number}").status_code == 404


def test_a_patch_changes_all_that_it_names(api: Api) -> None:
    ticket, agent = make_ticket(), make_agent()
    team = Team.objects.create(name="Billing")
    later = (timezone.now() + timedelta(days=2)).isoformat()
    body = {
        "status": "on_hold",
        "priority": "urgent",
        "team": team.pk,
        "assignee": agent.pk,
        "tags": ["b", "a"],
        "follow_up_at": later,
        "follow_up_why": "ask the bank",
    }
    answer = api.patch(f"tickets/{ticket.reference}", body)
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["status"], shown["priority"], shown["tags"]) == ("on_hold", "urgent", ["a", "b"])
    assert shown["assignee"] == {"id": agent.pk, "name": agent.name}
    assert shown["team"] == {"id": team.pk, "name": "Billing"}
    assert shown["follow_up_why"] == "ask the bank"
    cleared = api.patch(f"tickets/{ticket.reference}", {"assignee": None, "follow_up_at": None})
    assert (cleared.json()["assignee"], cleared.json()["follow_up_at"]) == (None, None)
    assert cleared.json()["priority"] == "urgent"


def test_a_patch_that_fails_in_part_changes_nothing(api: Api) -> None:
    ticket = make_ticket()
    set_status(ticket, Status.CLOSED, actor=None)
    body = {"priority": "urgent", "status": "open"}
    answer = api.patch(f"tickets/{ticket.reference}", body)
    assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (422, "illegal_transition")
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.status) == ("normal", "closed")


def _protected(ticket: Ticket) -> list[tuple[str, Any]]:
    writable = {
        "status", "priority", "category", "team", "assignee", "tags", "follow_up_at",
        "follow_up_why",
    }  # fmt: skip
    fields = [field.name for field in Ticket._meta.get_fields()]
    return [(name, getattr(ticket, name, None)) for name in fields if name not in writable]


def test_no_other_field_of_the_model_can_be_set(api: Api) -> None:
    ticket = make_ticket()
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    for name, _value in _protected(ticket):
        answer = api.patch(f"tickets/{ticket.reference}", {name: 1})
        assert answer.status_code == 422, name
        assert answer.json()["errors"][0]["code"] == "unknown_field"
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before


def test_a_stale_etag_is_refused_and_a_fresh_one_spares_the_body(api: Api) -> None:
    ticket = make_ticket()
    path = f"tickets/{ticket.reference}"
    seen = api.get(path)["ETag"]
    assert api.get(path, If_None_Match=seen).status_code == 304
    assert api.patch(path, {"priority": "high"}, If_Match=seen).status_code == 200
    assert api.get(path, If_None_Match=seen).status_code == 200
    stale = api.patch(path, {"priority": "low"}, If_Match=seen)
    assert (stale.status_code, stale.json()["status"]) == (412, 412)
    for never in (f"W/{api.get(path)['ETag']}", '"x"', "7"):
        assert api.patch(path, {"priority": "low"}, If_Match=never).status_code == 412
    assert api.patch(path, {"priority": "low"}, If_Match="*").status_code == 200


def test_a_reply_goes_to_the_customer_and_a_note_does_not(api: Api) -> None:
    ticket = make_ticket()
    path = f"tickets/{ticket.reference}/messages"
    reply = api.post(path, {"direction": "outbound", "text": "Try this.", "status": "solved"})
    assert reply.status_code == 201, reply.content
    note = api.post(path, {"direction": "note", "text": "Secret"})
    assert note.status_code == 201
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"message.reply_added", "message.note_added"} <= kinds
    assert Ticket.objects.get().status == "solved"
    listed = api.get(path).json()["data"]
    assert [row["direction"] for row in listed] == ["inbound", "outbound", "note"]
    only = api.get(f"{path}?direction=note").json()["data"]
    assert [row["text"] for row in only] == ["Secret"]


def test_a_reply_to_what_changed_meanwhile_is_refused(api: Api) -> None:
    ticket = make_ticket()
    seen = api.get(f"tickets/{ticket.reference}")["ETag"]
    api.patch(f"tickets/{ticket.reference}", {"priority": "high"})
    body = {"direction": "outbound", "text": "Old news"}
    answer = api.post(f"tickets/{ticket.reference}/messages", body, If_Match=seen)
    assert answer.status_code == 412
    assert not Message.objects.filter(direction="outbound").exists()


def test_what_the_customer_said_elsewhere_joins_the_ticket(api: Api) -> None:
    ticket = make_ticket()
    set_status(ticket, Status.SOLVED, actor=None)
    body = {"direction": "inbound", "text": "Again", "sender": {"email": "ANN@example.org"}}
    answer = api.post(f"tickets/{ticket.reference}/messages", body)
    assert answer.status_code == 201
    assert answer.json()["ticket"] == ticket.reference
    assert answer.json()["author"] == "requester"
    ticket.refresh_from_db()
    assert ticket.status == "open"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/direction"),
        ({"direction": "note", "text": ""}, "/text"),
        ({"direction": "note", "text": "   "}, "/text"),
        ({"direction": "note", "text": "a\u0000b"}, "/text"),
        ({"direction": "note", "text": "\ud800"}, "/text"),
        ({"direction": "inbound", "text": "a"}, "/sender"),
        ({"direction": "inbound", "text": "a", "sender": {"email": "nobody"}}, "/sender/email"),
        ({"direction": "note", "text": "a", "status": "open"}, "/status"),
        ({"direction": "note", "text": "a", "sender": {"email": "a@example.org"}}, "/sender"),
        ({"direction": "note", "text": "a", "attachments": ["1"]}, "/attachments/0"),
        ({"direction": "note", "text": "a", "html": "<b>"}, "/html"),
        ({"direction": "note", "text": "a" * 100_001}, "/text"),
    ],
)
def test_a_wrong_message_is_refused_with_a_pointer(api: Api, body: Any, pointer: str) -> None:
    answer = api.post(f"tickets/{make_ticket().reference}/messages", body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_lists_narrow_by_their_filters(api: Api, desk: Inbox) -> None:
    agent = make_agent()
    one, two = make_ticket(desk), make_ticket(desk)
    api.patch(f"tickets/{one.reference}", {"assignee": agent.pk, "tags": ["vip"], "status": "open"})
    found = {
        "status=open,pending": [one],
        "status=new": [two],
        f"assignee={agent.pk}": [one],
        "assignee=none": [two],
        "assignee=me": [],
        "tag=VIP": [one],
        "team=none": [],
        f"team={desk.team_id}": [one, two],
        f"inbox={desk.pk}": [one, two],
        "requester_email=Ann@example.org": [one, two],
        "requester_email=other@example.org": [],
        f"q={two.number}": [two],
        "q=ann@example.org": [one, two],
        "q=kettle": [],
        "created_after=2020-01-01T00:00:00Z": [one, two],
        "created_before=2020-01-01T00:00:00Z": [],
        "updated_after=2999-01-01T00:00:00%2B02:00": [],
        "priority=low,urgent": [],
        "category=none-such": [],
    }
    for query, expected in found.items():
        answer = api.get(f"tickets?{query}")
        assert answer.status_code == 200, answer.content
        shown = {row["reference"] for row in answer.json()["data"]}
        assert shown == {ticket.reference for ticket in expected}, query


def test_a_long_list_costs_as_few_queries_as_a_short_one(
    api: Api, desk: Inbox, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        ticket = make_ticket(desk)
        api.patch(f"tickets/{ticket.reference}", {"tags": [f"tag {number}"]})
    with django_assert_max_num_queries(5):
        assert len(api.get("tickets").json()["data"]) == 8
    with django_assert_max_num_queries(5):
        api.get(f"tickets/{ticket.reference}")
    for _ in range(6):
        make_message(desk, ticket_id=ticket.pk)
    with django_assert_max_num_queries(7):
        assert len(api.get(f"tickets/{ticket.reference}/messages").json()["data"]) == 7


def test_a_sender_may_open_only_so_many_tickets_an_hour(api: Api, settings: Any) -> None:
    settings.HARBOUR_SENDER_RATE = 3
    answers = [api.post("tickets", ticket_body()).status_code for _ in range(4)]
    assert answers == [201, 201, 201, 429]
    other = ticket_body(requester={"email": "cy@example.org"})
    assert api.post("tickets", other).status_code == 201


def test_an_agents_token_sees_what_the_agent_sees(desk: Inbox) -> None:
    other = Team.objects.create(name="Secret team")
    agent = make_agent(sees_all_tickets=False)
    bound = api_with("tickets:read", "tickets:write", "notes:write", agent=agent)
    ticket = make_ticket(desk)
    Ticket.objects.filter(pk=ticket.pk).update(team=other)
    path = f"tickets/{ticket.reference}"
    assert bound.get(path).status_code == 404
    assert bound.patch(path, {"priority": "low"}).status_code == 404
    assert bound.get(f"{path}/messages").status_code == 404
    assert bound.post(f"{path}/messages", {"direction": "note", "text": "a"}).status_code == 404
    for query in ("", f"?q={ticket.reference}", f"?team={other.pk}", "?q=ann@example.org"):
        assert bound.get(f"tickets{query}").json()["data"] == []
    agent.teams.add(other)
    assert bound.get(path).status_code == 200
    assert bound.patch(path, {"priority": "low"}).status_code == 200
    assert Event.objects.filter(kind="ticket.priority_changed", actor=agent).count() == 1


def test_a_customers_secrets_are_taken_out_before_they_are_stored(api: Api) -> None:
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    body = ticket_body(text=f"My seed phrase is {phrase}", subject=phrase)
    answer = api.post("tickets", body, Idempotency_Key="k")
    reference = answer.json()["reference"]
    note = {"direction": "note", "text": f"She said {phrase}"}
    noted = api.post(f"tickets/{reference}/messages", note, Idempotency_Key="n")
    assert (answer.status_code, noted.status_code) == (201, 201)
    stored = [*Ticket.objects.values(), *Message.objects.values(), *Event.objects.values()]
    stored += [*IdempotentCall.objects.values()]
    assert "sausage" not in str(stored)


def test_without_an_inbox_a_ticket_has_to_wait(db: None) -> None:
    answer = api_with("tickets:write").post("tickets", ticket_body())
    assert (answer.status_code, answer.json()["detail"]) == (503, "No inbox is set up yet.")
