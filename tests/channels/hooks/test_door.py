"""The webhook door itself: whom it knows, what it takes, and how much."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from channels.models import Receipt
from tests.channels.hooks import calls, signed_calls, user_calls
from tests.channels.hooks.posting import account_for, post, where
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def test_who_does_not_exist_is_told_in_the_same_words() -> None:
    account = account_for(user_calls.postmark())
    idle = make_account(address="i@example.com", is_active=False, settings={"provider": "mailjet"})
    web = make_account(address="", kind="web")
    answers = {
        (response.status_code, response.content)
        for response in (
            Client().post(address, b"{}", content_type="application/json")
            for address in (
                f"/hooks/{uuid4()}/postmark/",
                f"/hooks/{uuid4()}/",
                where(account, "mailjet"),
                where(account, "nonsense"),
                where(account),
                where(idle, "mailjet"),
                where(web, "postmark"),
            )
        )
    }
    assert answers == {(404, b"no such webhook")}


def test_a_channel_without_webhooks_believes_nobody() -> None:
    account = make_account(address="", kind="web")
    response = Client().post(where(account), b"{}", content_type="application/json")
    assert response.status_code == 403


def test_a_mailbox_without_a_provider_has_no_webhook() -> None:
    account = make_account()
    for address in (where(account), where(account, "postmark")):
        response = Client().post(address, b"{}", content_type="application/json")
        assert response.status_code in (403, 404)


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_are_refused(method: str) -> None:
    account = account_for(user_calls.postmark())
    response = getattr(Client(), method)(where(account, "postmark"))
    assert (response.status_code, response["Allow"]) == (405, "POST, HEAD")


def test_a_provider_may_try_the_address_with_head() -> None:
    assert Client().head(f"/hooks/{uuid4()}/mandrill/").status_code == 200


def test_a_call_above_the_limit_is_refused_unread(settings: Any) -> None:
    settings.HARBOUR_MAIL_LIMIT = 1000
    call = user_calls.postmark()
    assert len(call.body) > 2000
    assert post(account_for(call), call) == 413


def test_a_raw_mail_of_20_megabytes_in_a_form_is_taken() -> None:
    raw = calls.RAW.encode() + b"x" * (20 * 1024 * 1024)
    fields: dict[str, str | bytes] = {"sender": "a@b", "recipient": calls.INBOX, "body-mime": raw}
    body, content_type = calls.form(fields | signed_calls.mailgun_proof(), {})
    call = signed_calls.mailgun().but(body=body, content_type=content_type)
    assert post(account_for(call), call) == 200
    assert len(bytes(Receipt.objects.get().body)) == len(body)


def test_too_many_calls_are_put_off(settings: Any) -> None:
    settings.HARBOUR_SMTP_RATE = 3
    account = account_for(user_calls.postmark())
    statuses = [post(account, user_calls.postmark()) for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
