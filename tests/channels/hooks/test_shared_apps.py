"""Meta calls one address for all accounts of an app: each that is named gets the call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from channels.models import Account, Receipt
from tests.channels.adapters.meta_calls import IDS, SECRET, SETTINGS, call
from tests.factories import make_account
from tests.working import work
from tickets.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = IDS["messenger"]["page_id"]
EVENT = {
    "sender": {"id": "77"},
    "recipient": {"id": PAGE},
    "timestamp": 1795300000000,
    "message": {"mid": "m_1", "text": "where is my deposit?"},
}
COMMENT = {
    "item": "comment", "verb": "add", "comment_id": "5_6", "post_id": f"{PAGE}_5",
    "from": {"id": "78", "name": "Ann"}, "created_time": 1795300000, "message": "hello?",
}  # fmt: skip


def meta(kind: str, *, is_active: bool = True, **values: Any) -> Account:
    settings = {**SETTINGS, **IDS[kind], **values}
    return make_account(kind=kind, address="", settings=settings, is_active=is_active)


def post(account: Account, *entries: dict[str, Any], secret: str = SECRET) -> int:
    body = json.dumps({"object": "page", "entry": list(entries)}).encode()
    headers = {"X-Hub-Signature-256": call(body, secret).headers["X-Hub-Signature-256"]}
    response = Client().post(
        f"/hooks/{account.uuid}/", body, content_type="application/json", headers=headers
    )
    return response.status_code


def heard() -> list[int]:
    return sorted(Receipt.objects.values_list("account_id", flat=True))


def test_messages_and_comments_of_one_page_come_to_one_address() -> None:
    messenger, comments = meta("messenger"), meta("page_comments")
    said = {"id": PAGE, "time": 1795300000, "messaging": [EVENT]}
    commented = {"id": PAGE, "time": 1795300000, "changes": [{"field": "feed", "value": COMMENT}]}
    for _ in range(3):
        assert post(messenger, said, commented) == 200
    assert heard() == sorted([messenger.pk, comments.pk] * 3)
    work()
    filed = Message.objects.values_list("inbox_id", "text")
    assert sorted(filed) == sorted(
        [(messenger.inbox_id, "where is my deposit?"), (comments.inbox_id, "hello?")]
    )
    assert not Receipt.objects.filter(status="waiting").exists()


def test_each_page_of_an_app_gets_what_names_it() -> None:
    first, second, third = meta("messenger"), meta("messenger", page_id="4712"), "4713"
    meta("messenger", page_id=third)
    assert post(first, {"id": PAGE}, {"id": "4712"}) == 200
    assert heard() == [first.pk, second.pk]


def test_whatsapp_is_named_by_the_number_in_a_change() -> None:
    first, second = meta("whatsapp", phone_number_id="1"), meta("whatsapp", phone_number_id="2")
    third = meta("whatsapp", phone_number_id="3", business_account_id="9")
    value = {"metadata": {"phone_number_id": "2"}}
    assert post(first, {"id": "9", "changes": [{"field": "messages", "value": value}]}) == 200
    assert heard() == [first.pk, second.pk]
    assert post(first, {"id": "9", "changes": [{"field": "account_update", "value": {}}, 7]}) == 200
    assert heard() == [first.pk, first.pk, second.pk, third.pk]


def test_who_has_another_secret_or_is_off_hears_nothing() -> None:
    messenger = meta("messenger")
    meta("page_comments", app_secret="another-app")
    meta("messenger", is_active=False)
    rotating = meta("page_comments", app_secret="next-one, app-secret")
    make_account(kind="line", address="", settings={"channel_secret": "x", "access_token": "y"})
    assert post(messenger, {"id": PAGE}) == 200
    assert heard() == [messenger.pk, rotating.pk]


def test_a_forged_call_is_nobody_s() -> None:
    messenger = meta("messenger")
    meta("page_comments", app_secret="another-app")
    assert post(messenger, {"id": PAGE}, secret="another-app") == 403
    assert heard() == []
