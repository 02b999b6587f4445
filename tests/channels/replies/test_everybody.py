"""A reply to all goes to all, whoever they are and in whatever order they were named."""

from __future__ import annotations

import random
from email.utils import formataddr

import pytest

from channels.correspondents import Recipients, reply_to_all
from channels.models import Account, Alias
from channels.receipts import accept
from channels.threads import reply_address
from people.operations import Address
from tests.channels.replies.mails import CARL, forget, heard, opened, recipients
from tests.factories import make_account, make_agent, make_inbox, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ["", "Ann Lee", "Lee, Ann", 'Ann "Annie" Lee', "王伟", "Zoë", "a@b.example", "O'Neil (HR)"]
DOMAINS = ["example.org", "EXAMPLE.net", "mail.example.com.au", "bücher.example"]


def somebody(chance: random.Random, n: int) -> tuple[str, str]:
    local = chance.choice(["p{}", "first.last{}", "x+tag{}", "O'Brien{}", "UPPER{}"]).format(n)
    return chance.choice(NAMES), f"{local}@{chance.choice(DOMAINS)}"


def answered(ticket: Ticket) -> Recipients:
    everybody = reply_to_all(ticket)
    reply(ticket, "All of you", actor=make_agent(), to=everybody.to, cc=everybody.cc)
    work()
    return everybody


@pytest.mark.parametrize("seed", range(30))
def test_nobody_is_lost_and_nobody_gets_it_twice(sink: Sink, seed: int) -> None:
    chance = random.Random(seed)
    account = make_account()
    second = make_account(inbox=make_inbox(), address="billing@example.com")
    Alias.objects.create(account=account, address="help@example.com")
    people = [somebody(chance, n) for n in range(chance.randint(0, 40))]
    ours = [account.address, second.address, "help@example.com", "SUPPORT+any@example.com",
            reply_address("help@example.com", 4711)]  # fmt: skip
    named = [*people, *(("Us", each) for each in ours), *people[:3], ("Ann", "ANN@example.org")]
    chance.shuffle(named)
    cut = chance.randint(0, len(named))
    headers = {"To": named[:cut] or [("", account.address)], "Cc": named[cut:]}
    written = {k: ", ".join(_written(pair) for pair in v) for k, v in headers.items()}
    ticket = opened(sink, **written)
    answered(ticket)
    wanted = {"ann@example.org", *(_ascii(address.lower()) for _, address in people)}
    assert recipients(sink) == sorted(wanted)
    for mail in sink.mails:
        assert mail.get_all("To") is not None
        assert len(mail.get_all("To", [])) == 1
        assert all(
            _ascii(address.lower()) in f"{mail['To']}, {mail['Cc']}" for _, address in people
        )


def _written(pair: tuple[str, str]) -> str:
    name, address = pair
    local, _, domain = address.partition("@")
    return formataddr((name, f"{local}@{domain.encode('idna').decode()}"))


def _ascii(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def test_who_was_copied_in_blindly_is_in_no_list(sink: Sink) -> None:
    ticket = opened(sink, Bcc="spy@example.net")
    assert recipients_of(reply_to_all(ticket)) == ["ann@example.org"]
    reply(ticket, "x", actor=make_agent(), bcc=[CARL])
    work()
    assert recipients_of(reply_to_all(ticket)) == ["ann@example.org"]


def recipients_of(everybody: Recipients) -> list[str]:
    return [each.value for each in (*everybody.to, *everybody.cc)]


def test_a_forger_on_the_ticket_cannot_copy_themselves_in(sink: Sink) -> None:
    ticket = opened(sink, Message_ID="<one@example.org>")
    message = heard(
        ticket, In_Reply_To="<one@example.org>", Cc="Eve <eve@example.net>", text="Ann, really"
    )
    assert (message.ticket, message.author) == (ticket, Message.Author.REQUESTER)
    everybody = answered(ticket)
    assert [each.value for each in everybody.doubtful] == ["eve@example.net"]
    assert recipients(sink) == ["ann@example.org"]
    assert not ticket.participants.exists()


def test_whom_a_proved_customer_copies_in_gets_the_answer_and_takes_part(sink: Sink) -> None:
    ticket = opened(sink)
    reply(ticket, "First", actor=make_agent())
    work()
    back = {"To": f"{sink.mails[0]['Reply-To']}, Dora <dora@example.net>"}
    heard(ticket, **back, text="Dora knows more")
    forget(sink)
    answered(ticket)
    assert recipients(sink) == ["ann@example.org", "dora@example.net"]
    assert [str(row.contact) for row in ticket.participants.all()] == ["Dora"]


def test_somebody_else_on_the_ticket_is_answered_and_the_requester_stays(sink: Sink) -> None:
    ticket = opened(sink, Cc="Carl <carl@example.net>")
    message = heard(ticket, From="Carl <carl@example.net>", To=_mark(ticket), text="I am Carl")
    assert message.author == Message.Author.PARTICIPANT
    assert str(message.contact) == "Carl"
    everybody = reply_to_all(ticket)
    assert [each.value for each in everybody.to] == ["ann@example.org", "carl@example.net"]
    ticket.refresh_from_db()
    assert str(ticket.requester) == "Ann"


def test_a_strangers_mail_changes_no_recipient(sink: Sink) -> None:
    ticket = opened(sink)
    message = heard(ticket, From="Eve <eve@example.net>", To=_mark(ticket), Cc="mob@example.net")
    assert message.author == Message.Author.STRANGER
    everybody = reply_to_all(ticket)
    assert recipients_of(everybody) == ["ann@example.org"]
    assert everybody.doubtful == ()


def _mark(ticket: Ticket) -> str:
    return reply_address("support@example.com", ticket.pk)


def test_a_mail_to_hundreds_is_answered_to_its_sender_and_those_who_take_part(sink: Sink) -> None:
    many = ", ".join(f"p{n}@example.net" for n in range(300))
    ticket = opened(sink, Cc=many)
    message = ticket.messages.get()
    assert message.addressing["more"]
    assert len(recipients_of(reply_to_all(ticket))) < 60


def test_another_reply_to_is_kept_beside_the_sender(sink: Sink) -> None:
    ticket = opened(sink, Reply_To="Ann at home <ann@home.example>")
    message = ticket.messages.get()
    assert message.addressing["reply_to"] == [["Ann at home", "ann@home.example"]]
    assert message.addressing["from"] == ["Ann", "ann@example.org"]
    same = heard(ticket, Reply_To="ann@example.org")
    assert "reply_to" not in same.addressing


def test_an_address_of_another_account_is_ours_even_while_it_is_switched_off(sink: Sink) -> None:
    make_account()
    Account.objects.create(
        kind="email", address="old@example.com", inbox=make_inbox(), is_active=False
    )
    ticket = opened(sink, Cc="old@example.com, Carl <carl@example.net>")
    assert recipients_of(reply_to_all(ticket)) == ["ann@example.org", "carl@example.net"]
    accept(Account.objects.order_by("pk")[0], raw_mail(), {})
    assert Address.email("OLD@example.com").value == "old@example.com"
