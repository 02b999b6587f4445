from __future__ import annotations

from typing import Any

import pytest

from channels import agent_mail
from channels.models import Account, Delivery, Receipt
from channels.receipts import accept
from channels.threads import agent_address
from people.models import Team, User
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.triage import assign

pytestmark = pytest.mark.django_db(transaction=True)
PASSED = "mx.example.com; dkim=pass header.d=staff.example; dmarc=pass header.from=staff.example"


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = "mx.example.com"
    settings.HARBOUR_UNDO_SECONDS = 0


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def agent(db: None) -> User:
    return make_agent(email="Mia@staff.example", wants_mail=True, signature="Mia Berg\nHarbour")


@pytest.fixture
def ticket(account: Account, agent: User, sink: Sink) -> Ticket:
    """Assigned to Mia; Ann has written once more."""
    accept(account, raw_mail(Message_ID="<first@example.org>"), {})
    work()
    ticket = Ticket.objects.get()
    assign(ticket, agent, actor=agent)
    accept(account, raw_mail(In_Reply_To="<first@example.org>", text="Any news?"), {})
    work()
    return ticket


def answer(ticket: Ticket, agent: User, **values: str) -> bytes:
    defaults = {
        "From": "Mia <mia@staff.example>",
        "To": agent_address("support@example.com", ticket.pk, agent.pk),
        "Subject": "Re: Kettle",
        "Authentication_Results": PASSED,
        "text": "It is on its way.\r\n\r\n-- \r\nMia  Berg\r\nHarbour\r\n\r\n"
        "On Monday, Harbour wrote:\r\n> Ann wrote on ...\r\n> Any news?",
    }
    return raw_mail(**defaults | values)


def replies() -> list[Message]:
    return list(Message.objects.filter(direction=Message.Direction.OUTBOUND).order_by("pk"))


def test_an_agent_is_told_by_mail_of_what_a_customer_wrote(
    ticket: Ticket, agent: User, sink: Sink
) -> None:
    [told] = sink.to("Mia@staff.example")
    assert "Any news?" in told.get_content()
    assert f"/console/tickets/{ticket.reference}/" in told.get_content()
    assert told["Auto-Submitted"] == "auto-generated"
    assert (told["Precedence"], told["X-Loop"]) == ("bulk", "yes")
    assert told["X-Auto-Response-Suppress"] == "All"
    assert told["Reply-To"] == agent_address("support@example.com", ticket.pk, agent.pk)
    assert sink.envelopes[sink.mails.index(told)].mail_from in ("", "<>")


def test_the_answer_goes_to_the_customer_as_the_agents_own(
    ticket: Ticket, agent: User, account: Account, sink: Sink
) -> None:
    accept(account, answer(ticket, agent), {})
    work()
    [reply] = replies()
    assert (reply.agent, reply.text) == (agent, "It is on its way.")
    assert reply.receipt_id == Receipt.objects.latest("pk").pk
    [mail] = [m for m in sink.to("ann@example.org") if m["Auto-Submitted"] is None]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.count("Mia Berg") == 1
    assert "Ann wrote on" not in text
    assert "mia@staff.example" not in mail.as_string().lower()
    ticket.refresh_from_db()
    assert ticket.status == Status.PENDING


def test_the_answer_loses_nobody_who_was_copied(account: Account, agent: User, sink: Sink) -> None:
    accept(account, raw_mail(Cc="Bob <bob@example.org>", Message_ID="<first@example.org>"), {})
    work()
    ticket = Ticket.objects.get()
    accept(account, answer(ticket, agent), {})
    work()
    assert {"bob@example.org", "ann@example.org"} <= {e.rcpt_tos[0] for e in sink.envelopes}


def test_the_message_id_alone_is_a_mark_too(
    ticket: Ticket, agent: User, account: Account, sink: Sink
) -> None:
    [told] = sink.to("Mia@staff.example")
    known = str(told["Message-ID"])
    accept(account, answer(ticket, agent, To="support@example.com", In_Reply_To=known), {})
    work()
    assert [reply.agent for reply in replies()] == [agent]


def test_the_same_answer_twice_is_sent_once(ticket: Ticket, agent: User, account: Account) -> None:
    raw = answer(ticket, agent)
    for _ in range(3):
        accept(account, raw, {})
    work()
    assert len(replies()) == 1
    assert Receipt.objects.filter(status=Receipt.Status.DUPLICATE).count() == 2


def test_an_answer_about_a_merged_ticket_goes_to_its_survivor(
    ticket: Ticket, agent: User, account: Account
) -> None:
    accept(account, raw_mail(From="ann@example.org", Subject="More"), {})
    work()
    kept = Ticket.objects.latest("pk")
    lifecycle.merge(ticket, kept, actor=agent)
    accept(account, answer(ticket, agent), {})
    work()
    assert [reply.ticket for reply in replies()] == [kept]


@pytest.mark.parametrize(
    "lacking",
    [
        {"Authentication_Results": ""},
        {"Authentication_Results": "mx.example.com; dmarc=none"},
        {"Authentication_Results": "mx.evil.example; dmarc=pass header.from=staff.example"},
        {"Authentication_Results": "mx.example.com; dmarc=pass header.from=evil.example"},
        {"Authentication_Results": "mx.example.com; dkim=fail; dmarc=pass"},
        {"From": "Mia <mia@evil.example>", "Authentication_Results": "mx.example.com; dmarc=pass"},
        {"From": "mia@staff.example.evil.example"},
        {"Sender": "mia@staff.example", "From": "eve@evil.example"},
        {"Auto_Submitted": "auto-replied"},
        {"Subject": "Out of office: Re: Kettle"},
        {"To": "support@example.com", "In_Reply_To": "<first@example.org>"},
    ],
    ids=range(11),
)
def test_without_full_proof_nothing_is_sent(
    ticket: Ticket, agent: User, account: Account, sink: Sink, lacking: dict[str, str]
) -> None:
    mails = len(sink.to("ann@example.org"))
    accept(account, answer(ticket, agent, **lacking), {})
    work()
    assert replies() == []
    assert len(sink.to("ann@example.org")) == mails
    filed = Receipt.objects.latest("pk").message
    assert filed is not None
    assert (filed.ticket, filed.author) == (ticket, Message.Author.STRANGER)
    assert filed not in Message.objects.for_customers()


def test_an_answer_that_says_nothing_sends_nobody_our_own_notice(
    ticket: Ticket, agent: User, account: Account, sink: Sink
) -> None:
    [told] = sink.to("Mia@staff.example")
    notice = told.get_content().splitlines()
    for quoted in ("\r\n".join(f"> {line}" for line in notice), "\r\n".join(notice)):
        for text in (f"On Monday, Harbour wrote:\r\n{quoted}", quoted):
            accept(account, answer(ticket, agent, text=text), {})
            work()
    assert replies() == []


def test_only_what_stands_above_our_line_is_sent(
    ticket: Ticket, agent: User, account: Account, sink: Sink
) -> None:
    [told] = sink.to("Mia@staff.example")
    accept(account, answer(ticket, agent, text=f"Tomorrow.\r\n\r\n{told.get_content()}"), {})
    work()
    assert [reply.text for reply in replies()] == ["Tomorrow."]


def test_who_may_no_longer_work_on_the_ticket_answers_nobody(
    ticket: Ticket, agent: User, account: Account
) -> None:
    assign(ticket, None, actor=agent)
    Ticket.objects.update(team=Team.objects.create(name="Others"))
    User.objects.filter(pk=agent.pk).update(sees_all_tickets=False)
    accept(account, answer(ticket, agent), {})
    User.objects.filter(pk=agent.pk).update(sees_all_tickets=True, is_active=False)
    work()
    accept(account, answer(ticket, agent), {})
    work()
    assert replies() == []


def test_nobody_answers_with_a_colleagues_mark(
    ticket: Ticket, agent: User, account: Account
) -> None:
    other = make_agent(email="tom@staff.example")
    accept(account, answer(ticket, other), {})
    accept(account, answer(ticket, agent, From="tom@staff.example"), {})
    work()
    assert replies() == []


def test_agents_hear_nothing_they_did_not_ask_for(
    ticket: Ticket, agent: User, account: Account, sink: Sink
) -> None:
    told = len(sink.to("Mia@staff.example"))
    machine = raw_mail(In_Reply_To="<first@example.org>", Auto_Submitted="auto-replied")
    accept(account, machine, {})
    work()
    User.objects.update(wants_mail=False)
    accept(account, raw_mail(In_Reply_To="<first@example.org>"), {})
    work()
    assert len(sink.to("Mia@staff.example")) == told


def test_a_flood_of_messages_is_no_flood_of_notices(
    ticket: Ticket, agent: User, account: Account, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_mail, "MOST_NOTICES", 3)
    for n in range(6):
        accept(account, raw_mail(In_Reply_To="<first@example.org>", text=f"And {n}?"), {})
    work()
    assert len(sink.to("Mia@staff.example")) == 3
    assert ticket.messages.count() == 8


def test_without_a_border_agents_are_not_asked_to_answer_by_mail(
    account: Account, agent: User, sink: Sink, settings: Any
) -> None:
    settings.HARBOUR_AUTHSERV_ID = ""
    accept(account, raw_mail(Message_ID="<first@example.org>"), {})
    work()
    assign(Ticket.objects.get(), agent, actor=agent)
    accept(account, raw_mail(From="eve@evil.example", In_Reply_To="<first@example.org>"), {})
    work()
    [told] = sink.to("Mia@staff.example")
    assert told["Reply-To"] is None
    assert "Open the ticket to answer:" in told.get_content()
    assert "this person does not take part" in told.get_content()
    assert Delivery.objects.filter(message=None, to=agent.email).count() == 1
