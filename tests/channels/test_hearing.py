"""What platforms tell besides messages, in whatever order they tell it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from channels.happenings import (
    Deleted,
    Echo,
    Edited,
    Happening,
    Moved,
    OptedIn,
    OptedOut,
    Progress,
    Reacted,
    Revoked,
    Stage,
    Unknown,
)
from channels.hearing import catch_up, hear
from channels.models import Account, Delivery, Occurrence
from people.operations import Address, find_identity
from tests.factories import inbound, make_account, make_agent, make_message
from tickets.models import Message
from tickets.operations.intake import receive_message
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOB = Address("line", "Ubob", name="Bob")


@pytest.fixture
def account() -> Account:
    return make_account(kind="line", address="")


def told(account: Account, *happenings: Happening) -> int:
    with transaction.atomic():
        return hear(account, happenings)


def said(account: Account, external_id: str = "m1", text: str = "my old words") -> Message:

    return receive_message(
        account.inbox, inbound(external_id, sender=BOB, text=text, thread="Ubob")
    )


def edited(text: str, number: int, about: str = "m1") -> Edited:
    at = NOON + timedelta(minutes=number)
    return Edited(external_id=f"e{number}", at=at, sender=BOB, about=about, text=text)


def test_an_edit_changes_the_words_and_keeps_the_former(account: Account) -> None:
    message = said(account)
    assert told(account, edited("my new words", 1)) == 1
    assert told(account, edited("my new words", 1)) == 0
    message.refresh_from_db()
    assert message.text == "my new words"
    assert [edit["text"] for edit in message.edits] == ["my old words"]


def test_an_edit_never_stores_a_secret(account: Account) -> None:
    message = said(account)
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    told(account, edited(f"my phrase: {phrase}", 1))
    message.refresh_from_db()
    assert "sausage" not in message.text


def test_what_is_taken_back_is_gone(account: Account) -> None:
    message = said(account)
    told(account, edited("my second words", 1))
    told(account, Deleted(external_id="d1", at=NOON, about="m1"))
    message.refresh_from_db()
    assert (message.text, message.edits) == ("", [])
    assert message.erased_at is not None
    told(account, edited("come back", 3))
    message.refresh_from_db()
    assert message.text == ""


def test_a_report_that_comes_first_waits_for_its_message(account: Account) -> None:
    told(account, edited("my new words", 1))
    assert Occurrence.objects.get().applied_at is None
    message = said(account)
    with transaction.atomic():
        catch_up(account, ["m1"])
    message.refresh_from_db()
    assert message.text == "my new words"
    assert Occurrence.objects.get().applied_at is not None


def sent(account: Account, provider_id: str = "p1") -> Delivery:
    ticket = said(account).ticket
    message = reply(ticket, "your answer", actor=make_agent())
    return Delivery.objects.create(
        account=account, message=message, to="Ubob", external_id=f"own-{provider_id}", payload={},
        status="sent", provider_id=provider_id, lane="Ubob", sent_at=NOON,
    )  # fmt: skip


def progress(stage: Stage, **values: str) -> Progress:
    return Progress(external_id=f"s-{stage}", at=NOON, about="p1", stage=stage, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(10))
def test_progress_never_goes_back_whatever_comes_first(account: Account, seed: int) -> None:
    delivery = sent(account)
    stages = [Stage.SENT, Stage.DELIVERED, Stage.READ]
    random.Random(seed).shuffle(stages)
    for stage in stages:
        told(account, progress(stage))
    delivery.refresh_from_db()
    assert delivery.stage == "read"


def test_a_failure_told_later_is_shown_on_the_message(account: Account) -> None:
    delivery = sent(account)
    told(account, progress(Stage.FAILED, code="131026", reason="not reachable"))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == ("failed", "131026 not reachable")
    assert delivery.message is not None
    assert "not reachable" in Message.objects.get(pk=delivery.message_id).failure


def test_our_own_key_finds_the_message_when_the_platforms_id_never_came(account: Account) -> None:
    delivery = sent(account, provider_id="")
    report = Progress(external_id="s", at=NOON, about="p9", stage=Stage.READ, key="own-")
    told(account, report)
    delivery.refresh_from_db()
    assert delivery.stage == "read"


def test_a_watermark_covers_what_was_sent_before(account: Account) -> None:
    delivery = sent(account)
    early, late = NOON - timedelta(seconds=1), NOON + timedelta(seconds=1)
    for number, until in enumerate((early, late)):
        told(
            account,
            Progress(
                external_id=f"w{number}", at=NOON, thread="Ubob", stage=Stage.READ, until=until
            ),
        )
        delivery.refresh_from_db()
        assert delivery.stage == ("read" if until is late else "")


def test_who_blocks_us_gets_nothing_until_they_come_back(account: Account) -> None:
    said(account)
    told(account, OptedOut(external_id="o1", at=NOON, sender=BOB))
    identity = find_identity(BOB)
    assert identity is not None and identity.undeliverable_at == NOON
    earlier = NOON - timedelta(hours=1)
    told(account, OptedIn(external_id="o0", at=earlier, sender=BOB))
    identity.refresh_from_db()
    assert identity.undeliverable_at == NOON
    told(account, OptedIn(external_id="o2", at=NOON + timedelta(hours=1), sender=BOB))
    identity.refresh_from_db()
    assert identity.undeliverable_at is None


def test_reactions_come_and_go(account: Account) -> None:
    message = said(account)
    for number, emoji in enumerate(("👍", "")):
        told(
            account,
            Reacted(external_id=f"r{number}", at=NOON, sender=BOB, about="m1", emoji=emoji),
        )
        message.refresh_from_db()
        assert message.reactions == ({"Ubob": "👍"} if emoji else {})


def test_an_echo_of_our_own_send_is_no_second_message(account: Account) -> None:
    sent(account)
    told(account, Echo(external_id="p1", at=NOON, thread="Ubob", text="your answer"))
    told(account, Echo(external_id="x1", at=NOON, thread="Ubob", text="from the phone"))
    told(account, Echo(external_id="x1", at=NOON, thread="Ubob", text="from the phone"))
    ours = Message.objects.filter(direction="outbound").order_by("pk")
    assert [message.text for message in ours] == ["your answer", "from the phone"]


def test_a_conversation_that_moves_takes_its_tickets_along(account: Account) -> None:
    ticket = said(account).ticket
    told(account, Moved(external_id="mv", at=NOON, thread="Ubob", to_thread="-1001"))
    ticket.refresh_from_db()
    assert ticket.thread == "-1001"


def test_a_right_that_is_withdrawn_asks_for_somebody(account: Account) -> None:
    told(account, Revoked(external_id="rv", at=NOON, reason="token expired"))
    account.refresh_from_db()
    assert (account.needs_sign_in, account.error) == (True, "token expired")


def test_what_nobody_knows_is_counted(account: Account) -> None:
    make_message(account.inbox)
    told(account, Unknown(external_id="u1", at=NOON, what="beacon"))
    row = Occurrence.objects.get()
    assert (row.kind, row.facts["what"]) == ("unknown", "beacon")
