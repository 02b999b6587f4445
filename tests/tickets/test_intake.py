from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from people.operations import Address
from tests.factories import ANN, inbound, make_agent, make_inbox, make_message, make_ticket
from tickets.models import Inbox, Message, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.intake import receive_message
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(db: None) -> Inbox:
    return make_inbox()


def test_a_first_message_opens_a_ticket_that_waits_for_us(inbox: Inbox) -> None:
    ticket = receive_message(inbox, inbound(subject="Kettle")).ticket
    assert ticket.status == Status.NEW
    assert ticket.waiting_since is not None
    assert ticket.reply_due_at == ticket.waiting_since + inbox.reply_within
    assert ticket.references.get().number == ticket.reference
    assert ticket.last_event_id > 0


def test_a_repeated_message_changes_nothing(inbox: Inbox) -> None:
    first = receive_message(inbox, inbound())
    again = receive_message(inbox, inbound(text="other words, same id"))
    assert again == first
    assert Message.objects.count() == 1


def test_the_same_id_in_two_inboxes_is_two_tickets() -> None:
    receive_message(make_inbox(name="A"), inbound())
    receive_message(make_inbox(name="B"), inbound())
    assert Ticket.objects.count() == 2


def test_a_later_message_reopens_within_the_window(inbox: Inbox) -> None:
    ticket = make_ticket(inbox)
    lifecycle.set_status(ticket, Status.SOLVED, actor=None)
    make_message(inbox, ticket_id=ticket.pk)
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert ticket.solved_at is None


def test_after_the_window_it_becomes_a_linked_new_ticket(inbox: Inbox) -> None:
    ticket = make_ticket(inbox)
    lifecycle.set_status(ticket, Status.SOLVED, actor=None)
    long_ago = timezone.now() - inbox.reopen_within - timedelta(minutes=1)
    Ticket.objects.filter(pk=ticket.pk).update(solved_at=long_ago)
    later = make_message(inbox, ticket_id=ticket.pk).ticket
    assert later != ticket
    assert later.continues == ticket
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED


def test_an_automatic_answer_never_reopens_nor_makes_it_wait(inbox: Inbox) -> None:
    ticket = make_ticket(inbox)
    reply(ticket, "Solved?", actor=make_agent(), status=Status.SOLVED)
    make_message(inbox, ticket_id=ticket.pk, is_automatic=True)
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED
    assert ticket.waiting_since is None
    assert ticket.messages.count() == 3


def test_an_answer_to_a_merged_ticket_lands_on_the_survivor(inbox: Inbox) -> None:
    old, kept = make_ticket(inbox), make_ticket(inbox)
    lifecycle.merge(old, kept, actor=None)
    assert make_message(inbox, ticket_id=old.pk).ticket == kept
    assert Ticket.objects.by_reference(old.reference) == kept


def test_a_date_in_the_future_becomes_now(inbox: Inbox) -> None:
    year_2099 = timezone.now() + timedelta(days=365 * 70)
    message = make_message(inbox, sent_at=year_2099)
    assert message.sent_at is not None
    assert message.sent_at < timezone.now() + timedelta(minutes=6)


def test_a_name_of_a_thousand_letters_and_an_endless_subject_are_cut(inbox: Inbox) -> None:
    message = make_message(
        inbox, sender=Address.email("x@example.org", "N" * 1000), subject="s" * 5000
    )
    assert len(message.ticket.subject) == 255


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", [True, False], ids=["same message", "same conversation"])
def test_eight_threads_at_once_make_one_ticket(same: bool) -> None:
    inbox, errors, barrier = make_inbox(), [], threading.Barrier(8)

    def go(number: int) -> None:
        try:
            barrier.wait()
            external_id = "x" if same else f"m{number}"
            receive_message(inbox, inbound(external_id, thread="chat"))
        except Exception as error:
            errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[:2]
    assert Ticket.objects.count() == 1
    assert Message.objects.count() == (1 if same else 8)


def test_a_message_by_thread_continues_the_conversation(inbox: Inbox) -> None:
    first = make_message(inbox, thread="chat-5", sender=Address("telegram", "5"))
    second = make_message(inbox, thread="chat-5", sender=Address("telegram", "5"))
    assert second.ticket == first.ticket
    assert ANN.value not in str(first.ticket.requester.identities.all())
