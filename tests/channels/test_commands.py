"""Asking in the conversation where a request stands."""

from __future__ import annotations

import pytest

from channels.commands import MOST_WRONG
from channels.models import Account, Delivery, Occurrence
from channels.receipts import accept, file_batch
from channels.simulators.base import Said
from channels.simulators.telegram import TelegramSimulator
from tests.factories import make_inbox, make_ticket
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    settings = TelegramSimulator.account()
    return Account.objects.create(kind="telegram", inbox=make_inbox(), settings=settings)


def says(account: Account, text: str, person: str = "1001") -> None:
    for call in TelegramSimulator(account.settings).calls(Said(person=person, text=text)):
        accept(account, call.body, {"door": "hook"})
    while file_batch():
        pass


def answers() -> list[str]:
    rows = Delivery.objects.filter(message=None).exclude(lane="").order_by("pk")
    return [row.payload["text"] for row in rows]


@pytest.mark.parametrize("words", ["status", "Status?", "/status", "进度", "查询进度", "我的工单"])
def test_a_word_lists_ones_own_requests(account: Account, words: str) -> None:
    says(account, "my deposit is missing")
    ticket = Ticket.objects.get()
    make_ticket(subject="somebody else's")
    says(account, words)
    [told] = answers()
    assert ticket.number in told
    assert "my deposit" in told
    assert "somebody else's" not in told
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_a_number_tells_its_holder_the_state_and_its_owner_the_subject(account: Account) -> None:
    says(account, "my deposit is missing")
    ticket = Ticket.objects.get()
    says(account, ticket.number)
    says(account, f"status {ticket.reference}", person="2002")
    own, foreign = answers()
    assert ticket.number in own and ticket.number in foreign
    assert "my deposit" in own
    assert "my deposit" not in foreign
    assert Ticket.objects.count() == 1


def test_full_width_digits_and_chinese_words_are_understood(account: Account) -> None:
    says(account, "充值没有到账")
    ticket = Ticket.objects.get()
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in ticket.reference)
    says(account, f"查询 {wide}")
    [told] = answers()
    assert ticket.number in told
    assert "最后" in told or "更新" in told


def test_a_number_in_a_sentence_is_a_message(account: Account) -> None:
    says(account, "my deposit is missing")
    number = Ticket.objects.get().number
    says(account, f"I wrote about {number} yesterday and nobody answered")
    assert answers() == []
    assert Message.objects.count() == 2


def test_the_same_question_told_twice_is_answered_once(account: Account) -> None:
    [call] = TelegramSimulator(account.settings).calls(Said(person="1", text="status"))
    for _ in range(5):
        accept(account, call.body, {"door": "hook"})
    while file_batch():
        pass
    assert len(answers()) == 1
    assert not Ticket.objects.exists()


def test_numbers_cannot_be_tried_out(account: Account) -> None:
    for n in range(MOST_WRONG + 3):
        says(account, f"{4829137304500 + n}", person="3003")
    says(account, "my own problem", person="4004")
    number = Ticket.objects.get().number
    says(account, number, person="3003")
    assert number not in answers()[-1]
    says(account, number, person="5005")
    assert number in answers()[-1]
    assert Occurrence.objects.filter(kind="asked", facts__found=False).count() >= MOST_WRONG
