"""Rows 1, 4, 5 and 6: forged senders, and strangers who know an id or a number."""

from __future__ import annotations

import random
from typing import Any

import pytest

from channels.models import Delivery
from people.models import Identity
from tests.channels.attacks.gate import FAILED, OURS, file, outcomes
from tests.factories import make_account, make_agent, raw_mail
from tickets.models import Message, Participant, Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db
MANY = 100


@pytest.fixture(autouse=True)
def _border(settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = OURS


@pytest.fixture
def ticket() -> Ticket:
    account = make_account()
    file(account, [raw_mail(Message_ID="<first@example.org>", Cc="bob@example.org")])
    ticket = Ticket.objects.get()
    reply(ticket, "Which kettle is it?", actor=make_agent())
    file(account, [])
    return ticket


def sent_id() -> str:
    return Delivery.objects.filter(message__isnull=False).latest("pk").external_id


def test_a_forged_sender_brings_nobody_in_and_is_shown_as_unverified(ticket: Ticket) -> None:
    taking_part = Participant.objects.count()
    forged = [
        raw_mail(
            In_Reply_To=sent_id(),
            Cc=f"eve{n}@evil.example",
            Authentication_Results=FAILED if n % 2 else "",
        )
        for n in range(MANY)
    ]
    file(ticket.inbox.accounts.get(), forged)
    assert Participant.objects.count() == taking_part
    assert not Delivery.objects.filter(to__contains="evil.example").exists()
    added = ticket.messages.filter(direction=Message.Direction.INBOUND).order_by("pk")[1:]
    assert len(added) == MANY
    assert not any(message.is_verified for message in added)
    assert not Identity.objects.filter(verified_at__isnull=False).exists()
    reply(ticket, "Here is your whole history.", actor=make_agent())
    file(ticket.inbox.accounts.get(), [])
    assert not Delivery.objects.filter(to__contains="evil.example").exists()


def test_a_sender_whom_our_border_calls_false_waits_for_an_operator(ticket: Ticket) -> None:
    verdict = f"{OURS}; dmarc=fail header.from=example.org"
    mails = [raw_mail(In_Reply_To=sent_id(), Authentication_Results=verdict) for _ in range(5)]
    before = Message.objects.count()
    file(ticket.inbox.accounts.get(), mails)
    assert Message.objects.count() == before
    assert outcomes()["suspended"] == 5


def test_a_stranger_with_the_right_ids_is_flagged_and_hears_nothing(ticket: Ticket) -> None:
    known = ["<first@example.org>", sent_id()]
    mails = [
        raw_mail(From=f"eve{n}@evil.example", In_Reply_To=known[n % 2], References=" ".join(known))
        for n in range(MANY)
    ]
    requester, taking_part = ticket.requester_id, Participant.objects.count()
    file(ticket.inbox.accounts.get(), mails)
    ticket.refresh_from_db()
    assert (ticket.requester_id, Participant.objects.count()) == (requester, taking_part)
    strange = ticket.messages.filter(author=Message.Author.STRANGER)
    assert strange.count() == MANY
    assert not set(strange) & set(Message.objects.filter(ticket=ticket).for_customers())
    reply(ticket, "Which kettle?", actor=make_agent())
    file(ticket.inbox.accounts.get(), [])
    assert not Delivery.objects.filter(to__contains="evil.example").exists()


def test_a_number_in_a_subject_lets_no_stranger_in(ticket: Ticket) -> None:
    spellings = ["[#{}]", "Re: [{}]", "RE: {} kettle", "Ticket#{}", "{}"]
    chance, before = random.Random(5), ticket.messages.count()
    mails = [
        raw_mail(
            From=f"eve{n}@evil.example",
            Subject=chance.choice(spellings).format(
                chance.choice([ticket.number, ticket.reference])
            ),
        )
        for n in range(MANY)
    ]
    file(ticket.inbox.accounts.get(), mails)
    assert ticket.messages.count() == before
    opened = Ticket.objects.exclude(pk=ticket.pk)
    assert opened.filter(continues=ticket).count() == opened.count() == MANY


def test_reply_to_never_becomes_the_customer_and_is_shown(db: None) -> None:
    account = make_account()
    mails = [
        raw_mail(From=f"Ann <ann{n}@example.org>", Reply_To=f"Ann <ann{n}@evil.example>")
        for n in range(20)
    ]
    file(account, mails)
    for n, ticket in enumerate(Ticket.objects.order_by("pk")):
        assert ticket.requester.identities.get().value == f"ann{n}@example.org"
        [shown] = ticket.messages.get().addressing["reply_to"]
        assert shown[1] == f"ann{n}@evil.example"


def test_a_form_that_an_administrator_names_speaks_for_its_visitors(db: None) -> None:
    account = make_account(settings={"form_relays": "form@shop.example, Other@shop.example"})
    file(account, [raw_mail(From="form@shop.example", Reply_To="Bob <bob@example.net>")])
    requester = Ticket.objects.get().requester
    assert (requester.name, requester.identities.get().value) == ("Bob", "bob@example.net")
    assert not Message.objects.get().is_verified
