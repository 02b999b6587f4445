"""Forwards and the talks that they begin, as plain forms."""

from __future__ import annotations

import pytest
from django.test import Client

from channels.models import Account
from channels.receipts import accept
from people.models import User
from people.operations import Address
from tests.console.asking import asked_by_ann, fresh, got, place, shown
from tests.factories import make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, SideThread, Status, Ticket
from tickets.operations import side_threads

pytestmark = pytest.mark.django_db(transaction=True)

SUPPLIER = "Supplier <sales@supplier.example>"


@pytest.fixture
def agent() -> User:
    return make_agent(name="Mei Lin", role=User.Role.ADMIN)


@pytest.fixture
def desk(client: Client, agent: User) -> Client:
    client.force_login(agent)
    return client


@pytest.fixture
def ticket(sink: Sink) -> Ticket:
    return asked_by_ann(sink)


def test_a_message_is_forwarded_and_the_talk_goes_on_beside_the_ticket(
    desk: Client, ticket: Ticket, sink: Sink
) -> None:
    first = ticket.messages.get()
    page = shown(desk.get(f"{place(ticket)}?forward={first.pk}"))
    assert 'data-mode="forward"' in page
    values = {"text": "Do you know?", "third": SUPPLIER, "subject": "A leak", "passes_on": first.pk}
    answer = desk.post(place(ticket, "forward"), values)
    assert answer.status_code == 302
    work()
    [mail] = sink.mails
    assert str(mail["To"]) == SUPPLIER
    assert "My kettle leaks." in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    thread = SideThread.objects.get()
    accept(
        Account.objects.get(),
        raw_mail(From="sales@supplier.example", To=str(mail["Reply-To"]), text="The gasket."),
        {},
    )
    work()
    page = shown(desk.get(place(ticket)))
    assert "Side thread" in page
    assert "The gasket." in page
    desk.post(place(ticket, "aside"), {"side_thread": thread.pk, "text": "Thank you"})
    work()
    assert got(sink) == ["sales@supplier.example"] * 2
    assert fresh(ticket).status == Status.NEW
    assert not ticket.messages.for_customers().exclude(pk=first.pk).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"third": ""},
        {"third": "a@b.org, c@d.org"},
        {"third": "nobody"},
        {"third": "ann@example.org"},
        {"text": ""},
    ],
)
def test_a_forward_that_cannot_be_keeps_its_words(
    desk: Client, ticket: Ticket, wrong: dict[str, str]
) -> None:
    values = {"text": "Do you know?", "third": SUPPLIER, "subject": "A leak", **wrong}
    answer = desk.post(place(ticket, "forward"), values)
    assert answer.status_code == 422
    assert 'data-mode="forward"' in shown(answer)
    assert 'value="A leak"' in shown(answer)
    assert not SideThread.objects.exists()


def test_an_empty_answer_aside_is_said_and_anothers_thread_is_not_found(
    desk: Client, agent: User, ticket: Ticket
) -> None:
    message = side_threads.begin(ticket, Address.email("sales@supplier.example"), "x", actor=agent)
    values = {"side_thread": message.side_thread_id, "text": " "}
    assert desk.post(place(ticket, "aside"), values).status_code == 422
    accept(Account.objects.get(), raw_mail(From="bob@example.org"), {})
    work()
    other = Ticket.objects.latest("pk")
    assert desk.post(place(other, "aside"), {**values, "text": "y"}).status_code == 422
    assert Message.objects.filter(side_thread__isnull=False).count() == 1
