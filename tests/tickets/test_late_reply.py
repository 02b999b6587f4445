"""What a message does that comes to a ticket which is done; and whom a mail brings along."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from people.models import Contact
from people.operations import Address, lock_contact
from tests.factories import inbound, make_agent, make_inbox, make_message, make_ticket
from tickets import reference
from tickets.models import Inbox, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.continuation import Arrival
from tickets.operations.intake import file_arrivals, receive_messages
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=400)


def solved(inbox: Inbox, *, long_ago: bool = False, **values: str) -> Ticket:
    ticket = make_ticket(inbox, **values)
    lifecycle.set_status(ticket, Status.SOLVED, actor=None)
    if long_ago:
        Ticket.objects.filter(pk=ticket.pk).update(solved_at=LONG_AGO)
    return ticket


@pytest.mark.parametrize(
    ("policy", "long_ago", "reopens"),
    [
        (Inbox.LateReply.WITHIN, False, True),
        (Inbox.LateReply.WITHIN, True, False),
        (Inbox.LateReply.REOPEN, True, True),
        (Inbox.LateReply.NEW, False, False),
    ],
)
def test_each_inbox_has_its_policy(policy: str, long_ago: bool, reopens: bool) -> None:
    ticket = solved(make_inbox(late_reply=policy), long_ago=long_ago)
    later = make_message(ticket.inbox, ticket_id=ticket.pk).ticket
    assert (later == ticket) == reopens
    assert later.continues_id == (None if reopens else ticket.pk)
    assert later.status == (Status.OPEN if reopens else Status.NEW)


def test_a_closed_ticket_is_never_reopened() -> None:
    ticket = solved(make_inbox(late_reply=Inbox.LateReply.REOPEN))
    lifecycle.set_status(ticket, Status.CLOSED, actor=None)
    assert make_message(ticket.inbox, ticket_id=ticket.pk).ticket.continues == ticket


def test_the_new_ticket_does_not_bear_the_old_number() -> None:
    ticket = solved(make_inbox(late_reply=Inbox.LateReply.NEW))
    subject = f"Re: Kettle [{ticket.number}]"
    later = make_message(ticket.inbox, subject=subject, subject_reference=ticket.reference).ticket
    assert (later.continues, later.subject) == (ticket, "Re: Kettle")


def test_more_late_mails_join_the_ticket_that_the_first_one_opened() -> None:
    ticket = solved(make_inbox(late_reply=Inbox.LateReply.NEW))
    opened = {make_message(ticket.inbox, ticket_id=ticket.pk).ticket for _ in range(20)}
    assert len(opened) == 1
    [later] = opened
    stranger = Address.email("eve@example.net")
    other = make_message(ticket.inbox, ticket_id=ticket.pk, sender=stranger).ticket
    assert other not in (ticket, later), "what a stranger opened is never joined, nor theirs ours"
    assert make_message(ticket.inbox, ticket_id=ticket.pk).ticket == later


def test_automatic_answers_reopen_nothing_however_many() -> None:
    ticket = make_ticket(make_inbox(late_reply=Inbox.LateReply.REOPEN))
    reply(ticket, "Solved?", actor=make_agent(), status=Status.SOLVED)
    answers = [
        inbound(
            f"auto{n}@example.org",
            sender=Address.email(f"robot{n % 50}@example.org"),
            ticket_id=ticket.pk,
            is_automatic=True,
        )
        for n in range(500)
    ]
    receive_messages([Arrival(ticket.inbox, each) for each in answers])
    ticket.refresh_from_db()
    assert (ticket.status, ticket.waiting_since) == (Status.SOLVED, None)
    assert (Ticket.objects.count(), ticket.messages.count()) == (1, 502)


def test_a_number_is_taken_out_of_a_subject_with_its_brackets() -> None:
    number = reference.display(reference.new())
    for subject in (f"Re: [{number}] Kettle", f"Re: Kettle (#{number})", f"Re: {number} Kettle"):
        assert reference.without(subject) == "Re: Kettle", subject
    assert reference.without("Order 12 [urgent] 2026-03-02") == "Order 12 [urgent] 2026-03-02"


def test_a_mail_to_ten_thousand_brings_ten_new_people() -> None:
    for n in range(5):
        lock_contact(Address.email(f"known{n}@example.org"))
    crowd = [Address.email(f"x{n}@example.net") for n in range(30)]
    known = [Address.email(f"known{n}@example.org") for n in range(5)]
    ticket = make_ticket(make_inbox(), participants=(*crowd, *known))
    assert ticket.participants.count() == 15
    assert Contact.objects.count() == 16


def test_no_ticket_has_more_than_48_participants() -> None:
    known = [Address.email(f"known{n}@example.org") for n in range(60)]
    for address in known:
        lock_contact(address)
    ticket = make_ticket(make_inbox(), participants=tuple(known))
    assert ticket.participants.count() == 48


def test_a_sender_over_the_limit_is_told_apart_by_place() -> None:
    inbox = make_inbox()
    arrivals = [Arrival(inbox, inbound(f"a{n}@example.org"), 2) for n in range(3)]
    arrivals.insert(2, Arrival(inbox, inbound("b@x", sender=Address.email("b@example.org")), 2))
    assert [bool(message) for message in file_arrivals(arrivals)] == [True, True, True, False]
