"""What a caller hears, what comes of a call, and the log of calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone

from channels.adapters.voice import Voice
from channels.base import Outcome, RawCall, Unreadable, WebhookCall
from channels.happenings import Called, Pressed
from channels.simulated import deliver
from channels.simulators.base import Said
from support import http
from tests.channels.adapters.answering import Provider, answering_provider, outbound
from tests.channels.simulating import Channel, make_channel, running_channels
from tests.factories import make_ticket
from tests.working import work
from tickets.inbound import InboundMessage
from tickets.models import Message

SID, OURS, THEIRS = "AC0123456789abcdef0123456789abcdef", "+14155550199", "+14155550100"
ADAPTER = Voice(account_sid=SID, auth_token="token", number=OURS, urgent_number="+14155550177")
HOOK = "https://desk.example.com/hooks/1/"
RING = {"CallSid": "CA1", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
TALK = {**RING, "CallStatus": "in-progress"}
TAPE = {
    "CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed",
    "RecordingDuration": "23", "RecordingUrl": "https://api.twilio.com/2010/Recordings/RE1",
}  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with answering_provider(settings) as provider:
        yield provider


@pytest.fixture
def channel(settings: Any, transactional_db: None) -> Iterator[Channel]:
    with running_channels(settings):
        yield make_channel("voice")


def say(form: dict[str, str], adapter: Voice = ADAPTER, **query: str) -> ET.Element:
    call = WebhookCall(
        method="POST", url=f"{HOOK}?{urlencode(query)}", query=query, headers={},
        body=urlencode(form).encode(), at=timezone.now(),
    )  # fmt: skip
    reply = adapter.answer(call)
    assert reply.content_type.startswith("text/xml")
    return ET.fromstring(reply.body)  # noqa: S314 - our own


def spoken(response: ET.Element) -> str:
    return " ".join(each.text or "" for each in response.iter("Say"))


def where(element: ET.Element | None, name: str = "action") -> dict[str, str]:
    assert element is not None
    return dict(parse_qsl(urlsplit(element.get(name) or element.text or "").query))


def parse(form: dict[str, str], **query: str) -> list[Any]:
    meta = {"query": query}
    return list(ADAPTER.parse(RawCall(body=urlencode(form).encode(), meta=meta, receipt_id=7)))


def test_the_menu_in_the_caller_s_language() -> None:
    english = say(RING)
    assert "press 1" in spoken(english)
    assert where(english.find("Gather"))["step"] == "choice"
    assert where(english.find("Redirect"))["step"] == "voicemail"
    chinese = say({**RING, "From": "+8613800138000"})
    assert "按 1" in spoken(chinese)
    assert [each.get("language") for each in chinese.iter("Say")] == ["zh-CN", "en-US"]
    other = say({**TALK, "Digits": "9"}, step="choice", lang="zh-hans")
    assert "press 1" in spoken(other)


def test_what_is_pressed() -> None:
    number = say({**TALK, "Digits": "1"}, step="choice")
    assert where(number.find("Gather"))["step"] == "number"
    voicemail = say({**TALK, "Digits": "2"}, step="choice")
    record = voicemail.find("Record")
    assert "recorded" in spoken(voicemail)
    assert where(record)["step"] == "recorded"
    back = where(record, "recordingStatusCallback")
    assert (back["step"], back["from"]) == ("recording", THEIRS)
    urgent = say({**TALK, "Digits": "3"}, step="choice")
    assert urgent.findtext("Dial") == "+14155550177"
    nobody = Voice(account_sid=SID, auth_token="token", number=OURS)
    assert say({**TALK, "Digits": "3"}, nobody, step="choice").find("Dial") is None
    assert say({**TALK, "Digits": "7"}, step="choice").find("Gather") is not None


def test_an_emergency_that_nobody_answers_ends_in_a_voicemail() -> None:
    missed = say({**TALK, "DialCallStatus": "no-answer"}, step="dialled")
    assert missed.find("Record") is not None
    assert say({**TALK, "DialCallStatus": "completed"}, step="dialled").find("Hangup") is not None


def test_the_state_by_number_and_no_guessing() -> None:
    ticket = make_ticket(subject="secret subject")
    digits = "".join(each for each in ticket.number if each.isdigit())
    talk = {**TALK, "From": f"+1{uuid4().int % 10**10:010d}"}
    told = spoken(say({**talk, "Digits": digits}, step="number"))
    assert "Received" in told
    assert "secret subject" not in told
    for _ in range(5):
        assert "no request" in spoken(say({**talk, "Digits": "1234567890123"}, step="number"))
    assert say({**talk, "Digits": digits}, step="number").find("Hangup") is not None


@pytest.mark.parametrize("step", ["status", "recording"])
def test_reports_are_answered_with_nothing(step: str) -> None:
    assert len(say({**RING, "CallStatus": "completed"}, step=step)) == 0


def test_a_recording_is_a_message_with_a_file() -> None:
    [message] = parse(TAPE, step="recording", **{"from": THEIRS, "to": OURS, "proved": "1"})
    assert isinstance(message, InboundMessage)
    assert (message.external_id, message.sender.value) == ("RE1", THEIRS)
    assert message.thread == f"{THEIRS}/{OURS}"
    assert message.is_verified is True
    assert message.files[0].source["url"].endswith("/RE1.mp3")
    assert parse({**TAPE, "RecordingStatus": "absent"}, step="recording") == []


@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed"])
def test_a_call_for_nothing_is_a_missed_call(status: str) -> None:
    form = {**RING, "CallSid": f"CA-{status}", "CallStatus": status, "CallDuration": "4"}
    told, missed = parse(form, step="status")
    assert isinstance(told, Called)
    assert (told.state, told.seconds) == (status, 4)
    assert (missed.text, missed.external_id) == ("Missed call", f"CA-{status}:missed")


def test_a_caller_who_was_served_has_not_missed_us() -> None:
    talk = {**TALK, "CallSid": f"CA-{uuid4()}", "DialCallStatus": "completed"}
    say(talk, step="dialled")
    pressed, served = parse(talk, step="dialled")
    assert isinstance(pressed, Pressed)
    assert served.state == "served"
    [told] = parse({**talk, "CallStatus": "completed"}, step="status")
    assert isinstance(told, Called)


def test_who_hides_the_number_has_a_conversation_of_each_call() -> None:
    [told] = parse({**RING, "From": "anonymous"})
    assert told.sender.value == "anonymous:CA1"


def test_nothing_is_sent_and_nonsense_is_unreadable() -> None:
    [result] = ADAPTER.send([outbound(to=THEIRS)])
    assert (result.outcome, "in writing" in result.detail) == (Outcome.NEVER, True)
    for body in (b"", b"{", b"From=1", b'{"call": 7}'):
        with pytest.raises(Unreadable):
            list(ADAPTER.parse(RawCall(body=body, meta={}, receipt_id=7)))


def test_the_log_of_calls_once_a_day(provider: Provider) -> None:
    line = {
        "sid": "CA-lost", "from": THEIRS, "to": OURS, "status": "no-answer",
        "direction": "inbound", "duration": "0", "start_time": "Sat, 21 Nov 2026 10:00:00 +0000",
    }  # fmt: skip
    provider.will({"calls": [line], "next_page_uri": "/2010-04-01/Accounts/x/Calls.json?Page=1"})
    provider.will({"calls": [{**line, "direction": "outbound-api"}], "next_page_uri": None})
    polled = ADAPTER.poll("2026-11-20")
    assert polled is not None
    assert "StartTime%3E=2026-11-19" in provider.calls[0].path
    raw = [RawCall(body=body, meta={}, receipt_id=7) for body in polled.bodies]
    things: list[Any] = [each for call in raw for each in ADAPTER.parse(call)]
    told, missed = things
    assert (told.state, missed.text) == ("no-answer", "Missed call")
    assert missed.sent_at.isoformat() == "2026-11-21T10:00:00+00:00"
    again = ADAPTER.poll(polled.cursor)
    assert again is not None
    assert (again.bodies, len(provider.calls)) == ((), 2)
    provider.will({}, 500)
    provider.answers[:] = provider.answers[-1:]
    with pytest.raises(http.Unreachable):
        ADAPTER.poll("2026-11-20")


def test_a_voicemail_through_the_door(channel: Channel) -> None:
    calls = channel.calls(Said(person="ann"))
    for call in calls:
        assert deliver(channel.account, channel.simulator.forged(call)) == 403
        assert {deliver(channel.account, call) for _ in range(3)} == {200}
    work()
    [message] = Message.objects.all()
    assert message.text.startswith("Voicemail")
    assert message.attachments.count() == 1


def test_a_missed_call_through_the_door(channel: Channel) -> None:
    assert channel.hear(Said(person="ann", act="hang_up")) == [200]
    work()
    assert Message.objects.get().text == "Missed call"
