"""Which ticket a mail belongs to, rule by rule: from raw mail to filed message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels import threads
from channels.models import Account
from tests.channels.attacks.gate import file
from tests.channels.reports import report
from tests.factories import make_account, raw_mail
from tickets.models import Message, Status, Ticket
from tickets.operations import lifecycle

pytestmark = pytest.mark.django_db
MAILBOX = "support@example.com"


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def ticket(account: Account) -> Ticket:
    file(account, [raw_mail(Message_ID="<first@example.org>")])
    return Ticket.objects.get()


def home(account: Account, raw: bytes) -> Ticket:
    """The ticket that the mail is filed on."""
    file(account, [raw])
    return Message.objects.latest("pk").ticket


def test_an_issue_tracker_s_mails_are_one_ticket(account: Account) -> None:
    issue = "JIRA.4711.1767225600000"
    first = home(account, raw_mail(Message_ID=f"<{issue}.88.1767225600001@Atlassian.JIRA>"))
    later = raw_mail(
        Message_ID=f"<{issue}.99.1767230000000@Atlassian.JIRA>",
        In_Reply_To=f"<{issue}@Atlassian.JIRA>",
    )
    assert home(account, later) == first
    other = raw_mail(Message_ID="<JIRA.4712.1767225600000.1.1767225600001@Atlassian.JIRA>")
    assert home(account, other) != first


def test_an_id_of_another_inbox_leads_nowhere(ticket: Ticket) -> None:
    other = make_account(address="sales@example.com")
    answer = raw_mail(To="sales@example.com", In_Reply_To="<first@example.org>")
    assert home(other, answer) != ticket


def test_an_id_that_no_mail_of_ours_bore_joins_no_two_customers(account: Account) -> None:
    newsletter = "<newsletter-7@shop.example>"
    ann = home(account, raw_mail(In_Reply_To=newsletter))
    bob = home(account, raw_mail(From="bob@example.org", In_Reply_To=newsletter))
    assert ann != bob


def test_a_mark_in_the_quoted_text_is_enough_where_ids_were_rewritten(
    account: Account, ticket: Ticket
) -> None:
    text = f"Yes.\r\n\r\nOn Monday, Support wrote:\r\n> {threads.body_mark(ticket.pk)}"
    answer = raw_mail(In_Reply_To="<0100-000000@mail.amazon.example>", text=text)
    assert home(account, answer) == ticket


def test_proof_of_a_merged_ticket_leads_to_its_survivor(account: Account, ticket: Ticket) -> None:
    kept = home(account, raw_mail(Subject="Another kettle"))
    lifecycle.merge(ticket, kept, actor=None)
    for proof in (
        {"To": threads.reply_address(MAILBOX, ticket.pk)},
        {"In_Reply_To": threads.new_message_id(ticket.pk)},
        {"In_Reply_To": "<first@example.org>"},
        {"Subject": f"Re: [{ticket.number}]"},
    ):
        assert home(account, raw_mail(**proof)) == kept
    assert home(account, report(original_id=threads.new_message_id(ticket.pk))) == kept


def test_machines_land_on_a_closed_ticket_and_leave_it_closed(
    account: Account, ticket: Ticket
) -> None:
    lifecycle.set_status(ticket, Status.CLOSED, actor=None)
    away = raw_mail(In_Reply_To="<first@example.org>", Auto_Submitted="auto-replied")
    assert home(account, away) == ticket
    assert home(account, report(original_id=threads.new_message_id(ticket.pk))) == ticket
    ticket.refresh_from_db()
    assert ticket.status == Status.CLOSED


def test_a_ticket_that_goes_on_sheds_the_old_number(account: Account, ticket: Ticket) -> None:
    lifecycle.set_status(ticket, Status.SOLVED, actor=None)
    Ticket.objects.update(solved_at=timezone.now() - timedelta(days=91))
    late = home(account, raw_mail(Subject=f"Re: Kettle leaks [{ticket.number}]"))
    assert late.continues == ticket
    assert ticket.number not in late.subject
    assert "Kettle leaks" in late.subject


def test_people_who_write_through_a_list_reopen_and_machines_do_not(
    account: Account, ticket: Ticket
) -> None:
    lifecycle.set_status(ticket, Status.SOLVED, actor=None)
    file(account, [raw_mail(In_Reply_To="<first@example.org>", Precedence="bulk")])
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED
    file(account, [raw_mail(In_Reply_To="<first@example.org>", List_Id="<kettles.example.net>")])
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
