from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels.delivery import send_again
from channels.models import Account, AutomaticMail, Delivery
from channels.receipts import accept
from channels.threads import bounce_address
from people.models import Identity
from people.operations import Address, lock_contact
from tests.channels.reports import report
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Status, Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_once(settings: object) -> None:
    settings.HARBOUR_UNDO_SECONDS = 0  # type: ignore[attr-defined]


@pytest.fixture
def account() -> Account:
    return make_account()


def answered(account: Account) -> Ticket:
    """A ticket of Ann's with an agent's reply that her server took."""
    accept(account, raw_mail(), {})
    work()
    ticket = Ticket.objects.latest("pk")
    reply(ticket, "Have you tried a new gasket?", actor=make_agent())
    work()
    assert sent().status == Delivery.Status.SENT
    return ticket


def sent() -> Delivery:
    return Delivery.objects.filter(message__isnull=False).latest("pk")


def ann() -> Identity:
    return Identity.objects.get(value="ann@example.org")


def take(account: Account, raw: bytes, *rcpt: str) -> None:
    accept(account, raw, {"mail_from": "", "rcpt_tos": list(rcpt)})
    work()


def test_a_reply_leaves_under_an_address_that_its_bounce_comes_back_to(
    sink: Sink, account: Account
) -> None:
    answered(account)
    assert sink.envelopes[0].mail_from in ("", "<>"), "an acknowledgement is never bounced"
    assert sink.envelopes[1].mail_from == bounce_address("support@example.com", sent().pk)


@pytest.mark.parametrize("proof", ["verp", "envelope", "message-id"])
def test_a_bounce_finds_its_message_and_hands_the_ticket_back(
    sink: Sink, account: Account, proof: str
) -> None:
    ticket, mails = answered(account), len(sink.mails)
    verp = bounce_address("support@example.com", sent().pk)
    if proof == "message-id":
        take(account, report(original_id=sent().external_id, recipient="other@example.net"))
    elif proof == "verp":
        take(account, report(to=verp))
    else:
        take(account, report(), verp)
    ticket.refresh_from_db()
    failed = sent()
    assert failed.status == Delivery.Status.FAILED
    assert failed.message is not None
    assert failed.message.failure.startswith("unknown-user: 550 5.1.1")
    assert ticket.status == Status.OPEN
    heard = ticket.messages.filter(direction="inbound", is_automatic=False).latest("pk")
    assert ticket.waiting_since == heard.created_at
    assert ann().undeliverable_at is not None
    note = ticket.messages.get(direction=Message.Direction.NOTE)
    assert "ann@example.org did not arrive: There is no such mailbox. (550 5.1.1" in note.text
    assert Ticket.objects.count() == 1
    assert len(sink.mails) == mails, "a bounce is never answered"


def test_another_way_to_reach_the_customer_is_offered(sink: Sink, account: Account) -> None:
    ticket = answered(account)
    Identity.objects.create(contact=ticket.requester, kind="telegram", value="@ann")
    Identity.objects.create(
        contact=ticket.requester, kind="email", value="old@x.org", undeliverable_at=timezone.now()
    )
    take(account, report(original_id=sent().external_id))
    note = ticket.messages.get(direction=Message.Direction.NOTE)
    assert "Another way to reach them: @ann (telegram)" in note.text
    assert "old@x.org" not in note.text


def test_a_temporary_failure_changes_nothing(sink: Sink, account: Account) -> None:
    ticket = answered(account)
    for _ in range(4):
        delayed = report(action="delayed", status="4.4.1", original_id=sent().external_id)
        take(account, delayed)
    ticket.refresh_from_db()
    assert ticket.status == Status.PENDING
    assert sent().status == Delivery.Status.SENT
    assert (ann().undeliverable_at, ann().bounce_score) == (None, 0)
    assert ticket.messages.filter(is_automatic=True).count() == 4


def test_the_third_full_mailbox_stops_automatic_mail(sink: Sink, account: Account) -> None:
    for count in range(1, 4):
        answered(account)
        full = {"status": "5.2.2", "said": "552 5.2.2 over quota"}
        take(account, report(original_id=sent().external_id, **full))
        assert (ann().undeliverable_at is not None) == (count == 3)
    mails = len(sink.mails)
    accept(account, raw_mail(), {})
    work()
    assert AutomaticMail.objects.latest("pk").suppressed_by == "address-bounced"
    assert len(sink.mails) == mails


def test_a_forged_bounce_marks_nobody(sink: Sink, account: Account) -> None:
    ticket = answered(account)
    other = lock_contact(Address.email("bob@example.org"))
    forged = bounce_address("support@example.com", sent().pk).replace(f"b{sent().pk}", "b1")
    take(account, report())
    take(account, report(recipient="bob@example.org", original_id="<invented@example.com>"))
    take(
        account, report(to=forged, original_id=sent().external_id.replace("harbour.", "harbour.1"))
    )
    ticket.refresh_from_db()
    assert sent().status == Delivery.Status.SENT
    assert ticket.status == Status.PENDING
    assert not ticket.messages.filter(direction=Message.Direction.NOTE).exists()
    assert not Identity.objects.filter(bounce_score__gt=0).exists()
    assert other.identities.get().undeliverable_at is None


def test_a_report_without_proof_is_still_shown_on_the_ticket_it_may_be_about(
    sink: Sink, account: Account
) -> None:
    ticket = answered(account)
    take(account, report())
    assert ticket.messages.filter(is_automatic=True).count() == 1
    Ticket.objects.update(active_at=timezone.now() - timedelta(days=8))
    take(account, report())
    assert ticket.messages.filter(is_automatic=True).count() == 1
    assert Ticket.objects.count() == 2


def test_a_bounced_acknowledgement_stops_the_address_and_tells_the_agents(
    sink: Sink, account: Account
) -> None:
    accept(account, raw_mail(), {})
    work()
    take(account, report(original_id=Delivery.objects.get().external_id))
    ticket = Ticket.objects.get()
    assert ann().undeliverable_at is not None
    assert ticket.status == Status.NEW
    assert "did not arrive" in ticket.messages.get(direction=Message.Direction.NOTE).text
    assert Delivery.objects.get().status == Delivery.Status.FAILED


def test_a_refusal_at_the_door_counts_like_a_bounce(sink: Sink, account: Account) -> None:
    accept(account, raw_mail(), {})
    work()
    ticket = Ticket.objects.get()
    sink.answers["ann@example.org"] = "550 5.1.1 no such user"
    reply(ticket, "Hello?", actor=make_agent())
    work()
    ticket.refresh_from_db()
    assert sent().status == Delivery.Status.FAILED
    assert ann().undeliverable_at is not None
    assert ticket.status == Status.OPEN
    assert "There is no such mailbox" in ticket.messages.get(direction="note").text


def test_a_refusal_that_may_be_about_us_marks_no_address(sink: Sink, account: Account) -> None:
    sink.answers["ann@example.org"] = "554 5.7.1 your address is on a block list"
    accept(account, raw_mail(), {})
    work()
    assert (ann().undeliverable_at, ann().bounce_score) == (None, 0)


def test_the_same_delivery_fails_once(sink: Sink, account: Account) -> None:
    ticket = answered(account)
    for _ in range(3):
        take(account, report(original_id=sent().external_id))
    assert ticket.messages.filter(direction=Message.Direction.NOTE).count() == 1
    assert ticket.messages.filter(is_automatic=True).count() == 3


def test_an_automatic_answer_to_the_envelope_lands_on_its_ticket(
    sink: Sink, account: Account
) -> None:
    ticket = answered(account)
    away = raw_mail(
        To=bounce_address("support@example.com", sent().pk),
        Subject="Out of office",
        Auto_Submitted="auto-replied",
    )
    take(account, away)
    ticket.refresh_from_db()
    assert ticket.status == Status.PENDING
    assert ticket.messages.filter(is_automatic=True).count() == 1
    assert sent().status == Delivery.Status.SENT


def test_mail_from_a_genuine_owner_brings_the_address_back(
    sink: Sink, account: Account, settings: object
) -> None:
    settings.HARBOUR_AUTHSERV_ID = "mx.example.com"  # type: ignore[attr-defined]
    answered(account)
    take(account, report(original_id=sent().external_id))
    accept(account, raw_mail(), {})
    work()
    assert ann().undeliverable_at is not None, "anybody could have written that"
    accept(account, raw_mail(Authentication_Results="mx.example.com; dmarc=pass"), {})
    work()
    assert ann().undeliverable_at is None


def test_nobody_writes_to_a_stopped_address_unless_an_agent_insists(
    sink: Sink, account: Account
) -> None:
    ticket = answered(account)
    Identity.objects.update(undeliverable_at=timezone.now())
    bob = lock_contact(Address.email("bob@example.org"))
    ticket.participants.create(contact=bob)
    mails = len(sink.mails)
    reply(ticket, "Still there?", actor=make_agent(), to=[Address.email("ann@example.org")])
    work()
    assert len(sink.mails) == mails
    held = sent()
    assert (held.status, held.error) == (Delivery.Status.FAILED, "stopped")
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    send_again(held.pk)
    work()
    assert len(sink.mails) == mails + 1


def test_a_reply_without_any_working_address_comes_back_to_the_agent(
    sink: Sink, account: Account
) -> None:
    ticket = answered(account)
    Identity.objects.update(undeliverable_at=timezone.now())
    message = reply(ticket, "Still there?", actor=make_agent())
    work()
    ticket.refresh_from_db()
    message.refresh_from_db()
    assert (message.failure, ticket.status) == ("no-address", Status.OPEN)
    note = ticket.messages.get(direction=Message.Direction.NOTE)
    assert "There is no address that mail arrives at." in note.text


def test_a_copy_that_bounces_is_told_and_leaves_the_ticket_with_the_customer(
    sink: Sink, account: Account
) -> None:
    ticket = answered(account)
    lock_contact(Address.email("bob@example.org"))
    message = reply(
        ticket, "Both of you", actor=make_agent(), cc=[Address.email("bob@example.org")]
    )
    work()
    copy = message.deliveries.get(to="bob@example.org")
    take(account, report(original_id=copy.external_id, recipient="bob@example.org"))
    ticket.refresh_from_db()
    message.refresh_from_db()
    assert (message.failure, ticket.status) == ("", Status.PENDING)
    assert "bob@example.org did not arrive" in ticket.messages.get(direction="note").text
    assert Identity.objects.get(value="bob@example.org").undeliverable_at is not None
    assert ann().undeliverable_at is None
