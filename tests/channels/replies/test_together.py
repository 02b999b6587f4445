"""By a provider's API: one call for all recipients, and a row for what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings

from channels.delivery import send_again
from channels.models import Delivery
from tests.channels.replies import choosy
from tests.channels.replies.mails import CARL, DORA, EVA
from tests.factories import make_account, make_agent, make_message
from tests.working import work
from tickets.models import Message
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def provider() -> Iterator[None]:
    choosy.REFUSED.clear()
    with override_settings(EMAIL_BACKEND="tests.channels.replies.choosy.EmailBackend"):
        make_account()
        yield


def sent(**values: Any) -> tuple[Message, list[Any]]:
    """A reply to Ann and others, and the calls it made."""
    ticket = make_message().ticket
    work()
    mail.outbox.clear()
    message = reply(ticket, "All of you", actor=make_agent(), **values)
    work()
    message.refresh_from_db()
    return message, list(mail.outbox)


def states(message: Message) -> dict[str, str]:
    return dict(Delivery.objects.filter(message=message).values_list("to", "status"))


def test_one_call_names_everybody_and_each_has_a_row() -> None:
    message, calls = sent(cc=[CARL, DORA], bcc=[EVA])
    [call] = calls
    params = call.anymail_test_params
    assert [each.addr_spec for each in params["to"]] == ["ann@example.org"]
    assert [each.addr_spec for each in params["cc"]] == [CARL.value, DORA.value]
    assert [each.addr_spec for each in params["bcc"]] == [EVA.value]
    assert "To" not in params["extra_headers"]
    assert states(message) == dict.fromkeys(
        ("ann@example.org", CARL.value, DORA.value, EVA.value), "sent"
    )
    assert message.sent_at is not None


def test_a_copy_that_is_refused_is_told_and_can_be_sent_again_alone() -> None:
    choosy.REFUSED.add(CARL.value)
    message, _ = sent(cc=[CARL, DORA])
    assert states(message) == {"ann@example.org": "sent", CARL.value: "failed", DORA.value: "sent"}
    assert (message.failure, message.sent_at is None) == ("", False)
    choosy.REFUSED.clear()
    mail.outbox.clear()
    send_again(Delivery.objects.get(to=CARL.value).pk)
    work()
    [call] = mail.outbox
    assert call.recipients() == [CARL.value]
    assert call.extra_headers["Message-ID"].startswith("<harbour.")
    assert set(states(message).values()) == {"sent"}


def test_it_counts_as_failed_when_the_requester_is_refused() -> None:
    choosy.REFUSED.add("ann@example.org")
    message, calls = sent(cc=[CARL])
    assert len(calls) == 1
    assert states(message) == {"ann@example.org": "failed", CARL.value: "sent"}
    assert message.sent_at is None
    assert "rejected" in message.failure


def test_all_refused_is_one_failure_for_each() -> None:
    choosy.REFUSED.update({"ann@example.org", CARL.value})
    message, _ = sent(cc=[CARL])
    assert set(states(message).values()) == {"failed"}
    assert message.failure


def test_a_single_recipient_is_an_ordinary_call() -> None:
    message, [call] = sent()
    assert call.recipients() == ["ann@example.org"]
    assert states(message) == {"ann@example.org": "sent"}
