"""Talks with somebody else about a ticket: out and back by mail, and never to the customer."""

from __future__ import annotations

import pytest

from channels.threads import reply_address
from people.models import User
from people.operations import Address
from tests.channels.replies.mails import forget, heard, opened, plain, recipients, rich
from tests.factories import make_agent
from tests.sink import Sink
from tests.working import work
from tickets.exceptions import TicketError
from tickets.models import Message, Status, Ticket
from tickets.operations import lifecycle, side_threads
from tickets.operations.reply import add_note, reply

pytestmark = pytest.mark.django_db(transaction=True)

SUPPLIER = Address.email("sales@supplier.example", "Supplier")


@pytest.fixture
def agent() -> User:
    return make_agent()


def begun(sink: Sink, ticket: Ticket, agent: User, **values: object) -> Message:
    forget(sink)
    message = side_threads.begin(ticket, SUPPLIER, "Do you know this?", actor=agent, **values)  # type: ignore[arg-type]
    work()
    return message


def test_a_message_is_passed_on_and_the_answer_stays_inside(sink: Sink, agent: User) -> None:
    ticket = opened(sink, text="My kettle leaks.")
    asked = begun(sink, ticket, agent, forwards=[ticket.messages.get()])
    assert recipients(sink) == [SUPPLIER.value]
    [mail] = sink.mails
    assert str(mail["Subject"]) == "Fwd: Kettle leaks"
    assert "+s" in str(mail["Reply-To"])
    assert "From: Ann <ann@example.org>" in plain(mail)
    assert "My kettle leaks." in plain(mail)
    assert "My kettle leaks." in rich(mail)
    assert ticket.number not in mail.as_string()
    assert "ref:t" not in mail.as_string(), "the ticket's own mark is not for others"

    answer = heard(
        ticket, From="sales@supplier.example", To=str(mail["Reply-To"]), text="It is the gasket."
    )
    assert (answer.ticket, answer.side_thread_id) == (ticket, asked.side_thread_id)
    assert answer.author == Message.Author.PARTICIPANT
    ticket.refresh_from_db()
    assert ticket.status == Status.NEW
    assert ticket.requester.messages.count() == 1
    assert not ticket.messages.for_customers().filter(text__contains="gasket").exists()
    assert len(sink.mails) == 1, "nobody is acknowledged"


def test_the_talk_goes_on_under_one_root_of_its_own(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    asked = begun(sink, ticket, agent)
    first = sink.mails[0]
    heard(
        ticket,
        From="sales@supplier.example",
        To="support@example.com",
        Message_ID="<s1@supplier.example>",
        In_Reply_To=str(first["Message-ID"]),
        text="Which model?",
    )
    assert asked.side_thread is not None
    side_threads.answer(asked.side_thread, "The red one", actor=agent)
    reply(ticket, "We are asking", actor=agent)
    work()
    _, second, public = sink.mails
    assert str(second["To"]) == "Supplier <sales@supplier.example>"
    assert second["In-Reply-To"] == "<s1@supplier.example>"
    assert str(second["References"]).split()[0] == str(first["References"]).split()[0]
    assert str(public["References"]).split()[0] != str(first["References"]).split()[0]
    assert str(second["Subject"]).startswith("Re: ")
    assert "> Which model?" in plain(second)
    assert "Which model?" not in public.as_string()


@pytest.mark.parametrize("by", ["address", "our id", "their id"])
def test_an_answer_finds_back_by_whatever_proves_it(sink: Sink, agent: User, by: str) -> None:
    ticket = opened(sink)
    asked = begun(sink, ticket, agent)
    mail = sink.mails[0]
    heard(ticket, From=SUPPLIER.value, To=str(mail["Reply-To"]), Message_ID="<s1@supplier.example>")
    headers = {
        "address": {"To": str(mail["Reply-To"])},
        "our id": {"In_Reply_To": str(mail["Message-ID"])},
        "their id": {"References": "<s1@supplier.example>"},
    }[by]
    answer = heard(ticket, From=SUPPLIER.value, text="Again", **headers)
    assert (answer.ticket, answer.side_thread_id) == (ticket, asked.side_thread_id)


@pytest.mark.parametrize("who", ["Eve <eve@example.net>", "Ann <ann@example.org>"])
def test_somebody_else_who_answers_is_flagged_and_it_stays_inside(
    sink: Sink, agent: User, who: str
) -> None:
    ticket = opened(sink)
    begun(sink, ticket, agent)
    both = f"{sink.mails[0]['Reply-To']}, {reply_address('support@example.com', ticket.pk)}"
    answer = heard(ticket, From=who, To=both, text="I was told of this")
    assert answer.side_thread_id is not None
    assert answer.author == Message.Author.STRANGER
    assert not ticket.messages.public().filter(pk=answer.pk).exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.ON_HOLD, Status.OPEN),
        (Status.SOLVED, Status.OPEN),
        (Status.PENDING, Status.PENDING),
        (Status.CLOSED, Status.CLOSED),
    ],
)
def test_an_answer_wakes_the_ticket_for_us_and_for_nobody_else(
    sink: Sink, agent: User, before: Status, after: Status
) -> None:
    ticket = opened(sink)
    begun(sink, ticket, agent)
    lifecycle.set_status(ticket, before, actor=agent)
    ticket.refresh_from_db()
    seen = ticket.active_at
    to = str(sink.mails[0]["Reply-To"])
    heard(ticket, From=SUPPLIER.value, To=to, Auto_Submitted="auto-replied", text="On holiday")
    assert Ticket.objects.get(pk=ticket.pk).status == before
    heard(ticket, From=SUPPLIER.value, To=to, text="Here it is")
    woken = Ticket.objects.get(pk=ticket.pk)
    assert woken.status == after
    assert woken.active_at > seen
    if before == Status.SOLVED:
        assert woken.waiting_since is None


def test_it_moves_along_when_tickets_are_merged(sink: Sink, agent: User) -> None:
    ticket, other = opened(sink), opened(sink, From="Bob <bob@example.org>")
    asked = begun(sink, ticket, agent)
    lifecycle.merge(ticket, other, actor=agent)
    answer = heard(ticket, From=SUPPLIER.value, To=str(sink.mails[0]["Reply-To"]), text="Here")
    assert (answer.ticket, answer.side_thread_id) == (other, asked.side_thread_id)


def test_what_is_internal_is_not_passed_on(sink: Sink, agent: User) -> None:
    ticket, other = opened(sink), opened(sink, From="Bob <bob@example.org>")
    note = add_note(ticket, "between us", actor=agent)
    aside = begun(sink, ticket, agent)
    for wrong in (note, aside, other.messages.get()):
        with pytest.raises(TicketError):
            side_threads.begin(ticket, SUPPLIER, "x", actor=agent, forwards=[wrong])
    with pytest.raises(TicketError):
        side_threads.begin(ticket, Address.email("ann@example.org"), "x", actor=agent)


def test_a_recipient_who_is_not_reached_is_told_on_the_message(sink: Sink, agent: User) -> None:
    ticket = opened(sink)
    sink.answers[SUPPLIER.value] = "550 5.1.1 no such user"
    message = begun(sink, ticket, agent)
    message.refresh_from_db()
    assert "5.1.1" in message.failure
