"""What WhatsApp tells, in the shapes of the Cloud API's webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.happenings import (
    Called,
    Deleted,
    Echo,
    Edited,
    Moved,
    OptedIn,
    Pressed,
    Progress,
    Reacted,
    Revoked,
    Stage,
    Unknown,
)
from people.operations import Address
from tests.channels.adapters.meta_calls import IDS, make, parse
from tickets.inbound import InboundMessage

OWN = IDS["whatsapp"]["phone_number_id"]
NUMBER, USER = "16505550123", "US.13491208655302741918"
ADAPTER = make("whatsapp", business_account_id="WABA")
BOTH = {"profile": {"name": "Ann"}, "wa_id": NUMBER, "user_id": USER}


def value(**parts: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550100", "phone_number_id": OWN}
    return {"messaging_product": "whatsapp", "metadata": metadata, "contacts": [BOTH]} | parts


def told(*values: Any, field: str = "messages") -> list[Any]:
    changes = [{"field": field, "value": each} for each in values]
    entry = {"id": "WABA", "time": 1795300000, "changes": changes}
    return parse(ADAPTER, {"object": "whatsapp_business_account", "entry": [entry]})


def said(kind: str = "text", content: Any = None, **more: Any) -> dict[str, Any]:
    content = {"body": "Hello"} if content is None else content
    base = {"from": NUMBER, "id": "wamid.1", "timestamp": "1795300000", "type": kind}
    return base | ({kind: content} if content else {}) | more


def message(kind: str = "text", content: Any = None, **more: Any) -> Any:
    [found] = told(value(messages=[said(kind, content, **more)]))
    return found


def test_every_change_and_every_message_is_heard() -> None:
    texts = [said(id=f"wamid.{n}") for n in (1, 2)]
    found = told(value(messages=[texts[0], {"type": "text"}, texts[1]]), {}, value(messages=texts))
    heard = [each.external_id for each in found if isinstance(each, InboundMessage)]
    assert heard == ["wamid.1", "wamid.2", "wamid.1", "wamid.2"]
    assert [type(each) for each in found if not isinstance(each, InboundMessage)] == [Unknown] * 2


def test_somebody_who_shows_number_and_id() -> None:
    heard = message(context={"id": "wamid.0", "forwarded": True})
    assert heard.sender == Address("whatsapp", NUMBER, name="Ann")
    assert heard.also == (Address("whatsapp", USER, name="Ann"),)
    assert (heard.thread, heard.references) == (USER, ("wamid.0",))
    assert heard.sent_at == datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC)
    assert heard.meta["forwarded"] == "True"


def test_somebody_who_hides_the_number() -> None:
    hidden = {"profile": {"username": "@ann"}, "user_id": USER}
    who = {"from_user_id": USER}
    text = {key: each for key, each in said().items() if key != "from"} | who
    [heard] = told(value(contacts=[hidden], messages=[text]))
    assert heard.sender == Address("whatsapp", USER, name="@ann")
    assert (heard.also, heard.thread) == ((), USER)


def test_somebody_of_whom_only_the_number_is_known() -> None:
    [heard] = told(value(contacts=[{"wa_id": NUMBER}], messages=[said()]))
    assert (heard.sender.value, heard.also, heard.thread) == (NUMBER, (), NUMBER)


def test_of_several_contacts_each_message_has_its_own() -> None:
    other = {"profile": {"name": "Bob"}, "wa_id": "491700", "user_id": "DE.1"}
    messages = [said(), said(**{"from": "491700"})]
    one, two = told(value(contacts=[other, BOTH], messages=messages))
    assert [each.sender.name for each in (one, two)] == ["Ann", "Bob"]


def test_a_group_is_a_conversation_of_its_own() -> None:
    heard = message(group_id="G1")
    assert (heard.thread, heard.sender.value) == ("group:G1", NUMBER)


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("image", {"id": "9", "mime_type": "image/jpeg", "caption": "the receipt"}, "the receipt"),
        ("location", {"latitude": 1.5, "longitude": 2.5, "name": "Bank"},
         "Bank\nhttps://maps.google.com/?q=1.5,2.5"),
        ("contacts", [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+1 2"}]}],
         "Bo +1 2"),
        ("order", {"text": "please", "product_items": [
            {"product_retailer_id": "TEA", "quantity": 2, "item_price": 3, "currency": "EUR"}]},
         "please\n2 × TEA (3 EUR)"),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {
            "response_json": '{"flow_token":"t","rating":"4"}'}}, "rating: 4"),
    ],
)  # fmt: skip
def test_what_a_message_says(kind: str, content: Any, text: str) -> None:
    assert message(kind, content).text == text


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [
        (
            "document",
            {"id": "9", "mime_type": "application/pdf", "filename": "收据.pdf"},
            "收据.pdf",
        ),
        ("audio", {"id": "9", "mime_type": "audio/ogg; codecs=opus", "voice": True}, "audio.ogg"),
        ("sticker", {"id": "9", "mime_type": "image/webp", "sha256": "abc"}, "sticker.webp"),
    ],
)
def test_files_are_known_by_their_ids(kind: str, content: dict[str, Any], name: str) -> None:
    [file] = message(kind, content).files
    assert (file.name, file.source["media_id"], file.source["owner"]) == (name, "9", OWN)
    assert file.source.get("sha256", "") == content.get("sha256", "")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("button", {"payload": "YES", "text": "Yes"}),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "YES", "title": "Yes"}}),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "YES", "title": "Yes"}}),
    ],
)
def test_buttons_and_lists(kind: str, content: dict[str, Any]) -> None:
    pressed = message(kind, content, context={"id": "wamid.0"})
    assert isinstance(pressed, Pressed)
    assert (pressed.payload, pressed.text, pressed.about) == ("YES", "Yes", "wamid.0")


def test_edits_revocations_and_reactions() -> None:
    new = {"type": "image", "image": {"caption": "better", "id": "9"}}
    edited = message("edit", {"original_message_id": "wamid.0", "message": new})
    revoked = message("revoke", {"original_message_id": "wamid.0"})
    reacted = message("reaction", {"message_id": "wamid.0", "emoji": "👍"})
    gone = message("reaction", {"message_id": "wamid.0"})
    assert (type(edited), edited.about, edited.text) == (Edited, "wamid.0", "better")
    assert (type(revoked), revoked.about, revoked.thread) == (Deleted, "wamid.0", USER)
    assert (type(reacted), reacted.emoji, gone.emoji) == (Reacted, "👍", "")


def test_the_person_under_another_number_or_id() -> None:
    number = {"type": "user_changed_number", "wa_id": "4917", "user_id": "DE.2",
              "previous_user_id": USER}  # fmt: skip
    moved = message("system", number)
    assert isinstance(moved, Moved)
    assert (moved.thread, moved.to_thread) == (USER, "DE.2")
    assert (moved.sender, moved.to) == (Address("whatsapp", NUMBER), Address("whatsapp", "4917"))
    hidden = {"type": "user_changed_user_id", "user_id": "DE.2", "previous_user_id": USER}
    moved = message("system", hidden)
    assert (moved.sender, moved.to) == (Address("whatsapp", USER), Address("whatsapp", "DE.2"))
    other = message("system", {"type": "customer_identity_changed", "body": "new code"})
    assert (type(other), other.what) == (Unknown, "system customer_identity_changed")


def test_the_first_opening_of_the_chat_has_no_id() -> None:
    welcome = {"from": NUMBER, "timestamp": "1795300000", "type": "request_welcome"}
    [found] = told(value(messages=[welcome]))
    assert (type(found), found.external_id) == (OptedIn, f"welcome:{USER}:1795300000")


def test_what_whatsapp_itself_cannot_show_is_unknown_with_its_sender() -> None:
    found = message("unsupported", {"type": "poll"}, errors=[{"code": 131051}])
    assert (type(found), found.what) == (Unknown, "message unsupported poll")
    assert (found.sender.value, found.thread) == (NUMBER, USER)


def status(word: str, **more: Any) -> Any:
    base = {"id": "wamid.9", "status": word, "timestamp": "1795300000", "recipient_id": NUMBER}
    [found] = told(value(statuses=[base | more]))
    return found


@pytest.mark.parametrize(
    ("word", "stage"),
    [("sent", Stage.SENT), ("delivered", Stage.DELIVERED), ("read", Stage.READ),
     ("played", Stage.READ), ("failed", Stage.FAILED)],
)  # fmt: skip
def test_what_became_of_ours(word: str, stage: Stage) -> None:
    found = status(word, biz_opaque_callback_data="own-1")
    assert isinstance(found, Progress)
    assert (found.stage, found.about, found.key) == (stage, "wamid.9", "own-1")
    assert (found.external_id, found.thread) == (f"wamid.9:{word}", USER)


def test_why_it_did_not_arrive() -> None:
    details = {"details": "Message was not delivered"}
    found = status("failed", errors=[{"code": 131026, "title": "no", "error_data": details}])
    assert (found.code, found.reason) == ("131026", "Message was not delivered")


def test_a_status_of_somebody_known_by_id_only_or_by_nobody() -> None:
    found = status("read", recipient_id=None, recipient_user_id="US.2")
    assert (found.sender, found.thread) == (Address("whatsapp", "US.2"), "US.2")
    [found] = told(value(contacts=[], statuses=[
        {"id": "wamid.9", "status": "read", "timestamp": "1795300000"}]))  # fmt: skip
    assert (type(found), found.sender, found.about) == (Progress, None, "wamid.9")


def test_what_was_written_in_the_business_app_is_an_echo() -> None:
    base = {"from": "15550100", "to": NUMBER, "id": "wamid.5", "timestamp": "1795300000"}
    text = base | {"type": "text", "text": {"body": "by hand"}}
    edit = {"original_message_id": "wamid.5", "message": {"type": "text", "text": {"body": "x"}}}
    changed = base | {"type": "edit", "edit": edit, "id": "wamid.6"}
    echo, edited = told(value(message_echoes=[text, changed]), field="smb_message_echoes")
    assert (type(echo), echo.text, echo.external_id) == (Echo, "by hand", "wamid.5")
    assert (echo.to, echo.sender, echo.thread) == (Address("whatsapp", NUMBER, "Ann"), None, USER)
    assert (type(edited), edited.sender, edited.about) == (Edited, None, "wamid.5")


def test_calls() -> None:
    call = {"id": "wacid.1", "from": NUMBER, "to": "15550100", "timestamp": "1795300000"}
    end = call | {"event": "terminate", "status": "COMPLETED", "duration": 120}
    begun, ended = told(value(calls=[call | {"event": "connect"}, end]), field="calls")
    assert (type(begun), begun.state, begun.seconds) == (Called, "connect", None)
    assert (ended.state, ended.seconds, ended.about) == ("completed", 120, "wacid.1")
    assert begun.external_id != ended.external_id


def test_calls_for_another_number_are_not_ours() -> None:
    other = value(messages=[said()], metadata={"phone_number_id": "1"})
    [found] = told(other)
    assert (type(found), found.what) == (Unknown, "for number 1")


@pytest.mark.parametrize(
    ("event", "more", "ends"),
    [
        ("ACCOUNT_DELETED", {}, True),
        ("PARTNER_REMOVED", {}, True),
        ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "DISABLE"}}, True),
        ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "REINSTATE"}}, False),
        ("ACCOUNT_VIOLATION", {}, False),
    ],
)
def test_news_of_the_account(event: str, more: dict[str, Any], ends: bool) -> None:
    [found] = told({"event": event} | more, field="account_update")
    assert isinstance(found, Revoked if ends else Unknown)
    body = {"entry": [{"id": "X", "time": 1, "changes": [
        {"field": "account_update", "value": {"event": event} | more}]}]}  # fmt: skip
    assert all(isinstance(each, Unknown) for each in parse(make("whatsapp"), body))


def test_other_fields_are_unknown() -> None:
    [found] = told({"event": "APPROVED"}, field="message_template_status_update")
    assert found.what == "field message_template_status_update"
    [empty] = told(value(errors=[{"code": 131000}]))
    assert empty.what == "messages errors"
