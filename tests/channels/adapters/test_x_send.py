"""What leaves for X, what its answers mean, and how the right to it is renewed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from channels.base import Outcome
from channels.models import Account
from tests.channels.adapters.answering import Provider, answering_provider, outbound
from tests.channels.adapters.test_x import ADAPTER, ANN, SETTINGS, TALK
from tests.factories import make_inbox


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with answering_provider(settings) as provider:
        yield provider


def test_a_direct_message_leaves(provider: Provider) -> None:
    provider.will({"data": {"dm_conversation_id": TALK, "dm_event_id": "50"}}, 201)
    result = provider.send(ADAPTER, outbound("已到账", to=ANN, thread=TALK))
    assert (result.outcome, result.external_id) == (Outcome.SENT, "50")
    [call] = provider.calls
    assert call.path == f"api.x.com/2/dm_conversations/with/{ANN}/messages"
    assert call.headers["Authorization"] == "Bearer old-token"
    assert call.json() == {"text": "已到账"}


def test_a_public_answer_and_the_part_after_it(provider: Provider) -> None:
    provider.will({"data": {"id": "60", "text": "Hello"}}, 201)
    values = {"to": ANN, "thread": "post:29", "is_public": True}
    link = "https://x.com/messages/compose?recipient_id=1111"
    message = outbound(f"Please write to us. {link}", in_reply_to="30", **values)
    assert provider.send(ADAPTER, message).outcome is Outcome.SENT
    provider.send(ADAPTER, outbound("second part", **values))
    first, second = [call.json() for call in provider.calls]
    assert first == {
        "text": "Please write to us.",
        "reply": {"in_reply_to_tweet_id": "30"},
        "direct_message_deep_link": link,
    }
    assert second["reply"] == {"in_reply_to_tweet_id": "60"}


@pytest.mark.parametrize(
    ("status", "told", "is_public", "outcome"),
    [
        (429, {"title": "Too Many Requests"}, False, Outcome.LATER),
        (403, {"detail": "You cannot send messages to this user."}, False, Outcome.BLOCKED),
        (403, {"detail": "You are not permitted to perform this action."}, True, Outcome.NEVER),
        (403, {"detail": "Tweet with duplicate content."}, True, Outcome.NEVER),
        (403, {"detail": "duplicate message"}, False, Outcome.NEVER),
        (403, {"detail": "Your account is temporarily locked."}, False, Outcome.SIGN_IN),
        (
            403,
            {"type": "https://api.twitter.com/2/problems/client-forbidden"},
            True,
            Outcome.SIGN_IN,
        ),
        (402, {"title": "CreditsDepleted"}, False, Outcome.SIGN_IN),
        (400, {"errors": [{"message": "invalid"}]}, False, Outcome.NEVER),
        (200, {"errors": [{"detail": "no"}]}, False, Outcome.NEVER),
        (500, {}, False, Outcome.UNKNOWN),
        (503, {}, False, Outcome.LATER),
    ],
)
def test_what_a_refusal_means(
    provider: Provider, status: int, told: dict[str, Any], is_public: bool, outcome: Outcome
) -> None:
    provider.will(told, status)
    thread = "post:29" if is_public else TALK
    message = outbound(to=ANN, thread=thread, in_reply_to="30", is_public=is_public)
    assert provider.send(ADAPTER, message).outcome is outcome


def test_the_wait_is_until_the_second_that_x_names(provider: Provider) -> None:
    provider.will({}, 429, x_rate_limit_reset=str(int(time.time()) + 90))
    wait = provider.send(ADAPTER, outbound(to=ANN, thread=TALK)).retry_after
    assert wait is not None
    assert 80 < wait <= 90


@pytest.mark.django_db
def test_a_token_is_renewed_once_and_kept(provider: Provider) -> None:
    account = Account(kind="x", inbox=make_inbox(channel="x"))
    account.settings = SETTINGS
    account.save()
    provider.will({"title": "Unauthorized"}, 401)
    provider.will({"access_token": "new-token", "refresh_token": "new-refresh"})
    provider.will({"data": {"dm_event_id": "50"}}, 201)
    result = provider.send(ADAPTER, outbound(to=ANN, thread=TALK))
    assert result.outcome is Outcome.SENT
    _, renewing, again = provider.calls
    assert dict(renewing.form())["refresh_token"] == "old-refresh"
    assert again.headers["Authorization"] == "Bearer new-token"
    account.refresh_from_db()
    assert account.settings["refresh_token"] == "new-refresh"
    provider.will({"title": "Unauthorized"}, 401)
    provider.will({"data": {"dm_event_id": "51"}}, 201)
    provider.answers.pop(0)
    assert provider.send(ADAPTER, outbound(to=ANN, thread=TALK)).outcome is Outcome.SENT
    assert len(provider.calls) == 5  # another process had renewed it


@pytest.mark.django_db
def test_who_cannot_renew_has_to_sign_in(provider: Provider) -> None:
    provider.will({"title": "Unauthorized", "detail": "old-token"}, 401)
    provider.will({"error": "invalid_request"}, 400)
    result = provider.send(ADAPTER, outbound(to=ANN, thread=TALK))
    assert (result.outcome, len(provider.calls)) == (Outcome.SIGN_IN, 2)
