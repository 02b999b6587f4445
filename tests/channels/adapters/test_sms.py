"""Twilio's signature, what its calls say, what leaves for it and what its codes mean."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.utils import timezone

from channels.adapters.sms import Sms
from channels.base import Forged, OutboundFile, Outcome, RawCall, Unreadable, WebhookCall
from channels.happenings import OptedIn, OptedOut, Progress, Stage, Unknown
from tests.channels.adapters.answering import Provider, answering_provider, outbound
from tickets.inbound import InboundMessage

SID, TOKEN = "AC0123456789abcdef0123456789abcdef", "auth-token"
THEIRS, OURS = "+14155550100", "+14155550199"
ADAPTER = Sms(account_sid=SID, auth_token=TOKEN, sender=OURS)
URL = "https://desk.example.com/hooks/1/?n=1"
IN = {"MessageSid": "SM1", "AccountSid": SID, "From": THEIRS, "To": OURS, "Body": "hello"}


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with answering_provider(settings) as provider:
        yield provider


def webhook(body: bytes, proof: str, url: str = URL, **query: str) -> WebhookCall:
    headers = {"X-Twilio-Signature": proof} if proof else {}
    return WebhookCall(
        method="POST", url=url, query=query, headers=headers, body=body, at=timezone.now()
    )


def sign(body: bytes, url: str = URL, token: str = TOKEN) -> str:
    pairs = sorted(set(parse_qsl(body.decode(), keep_blank_values=True)))
    data = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.digest(token.encode(), data.encode(), "sha1")).decode()


def parse(form: dict[str, str] | bytes) -> list[Any]:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    return list(ADAPTER.parse(RawCall(body=body, meta={}, receipt_id=7)))


@pytest.mark.parametrize(
    ("body", "proof"),
    [
        (
            "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212"
            "&Caller=%2B14158675309",
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
    ],
)
@pytest.mark.parametrize("host", ["mycompany.com", "mycompany.com:443"])
def test_the_published_signatures(body: str, proof: str, host: str) -> None:
    """Of Twilio's own library; it may name the default port, or not."""
    adapter = Sms(account_sid=SID, auth_token="12345", sender=OURS)
    adapter.verify(webhook(body.encode(), proof, f"https://{host}/myapp.php?foo=1&bar=2"))


def test_a_signature_with_the_port_is_good_for_an_address_without() -> None:
    body = urlencode(IN).encode()
    named = sign(body, URL.replace(".com/", ".com:443/"))
    ADAPTER.verify(webhook(body, named))
    with pytest.raises(Forged):
        ADAPTER.verify(webhook(body, sign(body, URL.replace(".com/", ".com:8443/"))))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body, proof: (body, ""),
        lambda body, proof: (body, proof[:-4]),
        lambda body, proof: (body, sign(body, token="another")),
        lambda body, proof: (body, sign(body, "https://desk.example.com/hooks/1/?n=2")),
        lambda body, proof: (body + b"+", proof),
        lambda body, proof: (body + b"&Extra=1", proof),
        lambda body, proof: (body.replace(b"hello", b"HELLO"), proof),
    ],
)
def test_no_other_proof_is_taken(spoil: Any) -> None:
    body = urlencode(IN).encode()
    ADAPTER.verify(webhook(body, sign(body)))
    with pytest.raises(Forged):
        ADAPTER.verify(webhook(*spoil(body, sign(body))))


def test_two_tokens_are_good_while_they_change() -> None:
    adapter = Sms(account_sid=SID, auth_token=f"new-one, {TOKEN}", sender=OURS)
    body = urlencode(IN).encode()
    adapter.verify(webhook(body, sign(body)))
    adapter.verify(webhook(body, sign(body, token="new-one")))
    with pytest.raises(Forged):
        Sms(account_sid=SID, auth_token="", sender=OURS).verify(webhook(body, sign(body, token="")))


def test_a_json_body_is_proved_by_its_digest_in_the_address() -> None:
    body, digest = b'{"a":1}', "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    url = f"{URL}&bodySHA256={digest}"
    proof = base64.b64encode(hmac.digest(TOKEN.encode(), url.encode(), "sha1")).decode()
    ADAPTER.verify(webhook(body, proof, url, bodySHA256=digest))
    with pytest.raises(Forged):
        ADAPTER.verify(webhook(b'{"a":2}', proof, url, bodySHA256=digest))


def test_a_text() -> None:
    [message] = parse({**IN, "Body": "充值\x00没到账", "ProfileName": "Ann"})
    assert isinstance(message, InboundMessage)
    assert (message.text, message.external_id) == ("充值没到账", "SM1")
    assert message.thread == f"{THEIRS}/{OURS}"
    assert (message.sender.value, message.sender.name) == (THEIRS, "Ann")
    assert message.is_verified is False


def test_a_message_of_whatsapp_is_vouched_for() -> None:
    [message] = parse({**IN, "From": "whatsapp:+5541988887777", "SmsSid": "SM1"})
    assert (message.is_verified, message.sender.value) == (True, "whatsapp:+5541988887777")


def test_pictures() -> None:
    base = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media"
    form = {**IN, "Body": "see", "NumMedia": "2"}
    for place, kind in enumerate(("image/jpeg", "image/png")):
        form |= {f"MediaUrl{place}": f"{base}/ME{place}", f"MediaContentType{place}": kind}
    [message] = parse(form)
    assert [each.content_type for each in message.files] == ["image/jpeg", "image/png"]
    assert [each.source["url"] for each in message.files] == [f"{base}/ME0", f"{base}/ME1"]


def test_a_place_is_a_link_and_an_empty_message_is_unknown() -> None:
    where = {"Latitude": "12.1", "Longitude": "75.2", "MessageType": "location"}
    [message] = parse({**IN, "Body": "", **where})
    assert message.text == "https://maps.google.com/?q=12.1,75.2"
    [nothing] = parse({**IN, "Body": ""})
    assert isinstance(nothing, Unknown)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"OptOutType": "STOP", "Body": "Please stop"}, OptedOut),
        ({"OptOutType": "START", "Body": "YES"}, OptedIn),
        ({"OptOutType": "HELP", "Body": "HELP"}, InboundMessage),
        ({"Body": " stop. "}, OptedOut),
        ({"Body": "退订"}, OptedOut),
        ({"Body": "UNSTOP"}, OptedIn),
        ({"Body": "stop this payment"}, InboundMessage),
        ({"Body": "yes"}, InboundMessage),
    ],
)
def test_who_wants_no_more_messages(values: dict[str, str], kind: Any) -> None:
    [thing] = parse({**IN, **values})
    assert type(thing) is kind
    assert thing.sender.value == THEIRS


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("sent", Stage.SENT),
        ("delivered", Stage.DELIVERED),
        ("read", Stage.READ),
        ("undelivered", Stage.FAILED),
        ("failed", Stage.FAILED),
    ],
)
def test_statuses(status: str, stage: Stage) -> None:
    form = {"MessageSid": "SM9", "MessageStatus": status, "From": OURS, "To": THEIRS}
    [told] = parse({**form, "ErrorCode": "30006"} if stage is Stage.FAILED else form)
    assert isinstance(told, Progress)
    assert (told.stage, told.about, told.external_id) == (stage, "SM9", f"status:SM9:{status}")
    assert bool(told.reason) == (stage is Stage.FAILED)


def test_statuses_that_tell_nothing_or_something_new() -> None:
    form = {"MessageSid": "SM9", "From": OURS, "To": THEIRS}
    assert parse({**form, "MessageStatus": "queued"}) == []
    [unknown] = parse({**form, "MessageStatus": "teleported"})
    assert isinstance(unknown, Unknown)
    told = parse({**form, "MessageStatus": "failed", "ErrorCode": "21610"})
    assert [type(each) for each in told] == [Progress, OptedOut]
    assert told[1].sender is not None
    assert told[1].sender.value == THEIRS


@pytest.mark.parametrize("body", [b"", b"\xff=1", b"{}", b"Body=hello", b"MessageSid=SM1&Body=x"])
def test_what_is_no_message_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_a_text_leaves_from_the_number_that_was_written_to(provider: Provider) -> None:
    provider.will({"sid": "SM9", "status": "queued", "error_code": None}, 201)
    message = outbound("已到账", thread=f"{THEIRS}/+14155550198", reports_to="https://x.example/")
    result = provider.send(ADAPTER, message)
    assert (result.outcome, result.external_id) == (Outcome.SENT, "SM9")
    [call] = provider.calls
    assert call.path == f"api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"
    both = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    assert call.headers["Authorization"] == f"Basic {both}"
    assert call.form() == [
        ("To", THEIRS),
        ("From", "+14155550198"),
        ("Body", "已到账"),
        ("StatusCallback", "https://x.example/"),
    ]


def test_a_picture_leaves_as_an_address_from_a_service(provider: Provider) -> None:
    provider.will({"sid": "MM9", "error_code": None}, 201)
    adapter = Sms(account_sid=SID, auth_token=TOKEN, sender="MG1")
    file = OutboundFile(name="a.png", content_type="image/png", key="no/such")
    provider.send(adapter, outbound("", to=THEIRS, files=(file,)))
    form = dict(provider.calls[0].form())
    assert (form["To"], form["MessagingServiceSid"]) == (THEIRS, "MG1")
    assert form["MediaUrl"].endswith("/a.png")
    assert "Body" not in form


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (429, 20429, Outcome.LATER),
        (400, 21611, Outcome.LATER),
        (400, 21610, Outcome.BLOCKED),
        (400, 21211, Outcome.NEVER),
        (400, 21408, Outcome.NEVER),
        (400, 21614, Outcome.NEVER),
        (400, 21617, Outcome.NEVER),
        (400, 63016, Outcome.CLOSED),
        (401, 20003, Outcome.SIGN_IN),
        (404, 20404, Outcome.SIGN_IN),
        (400, 21606, Outcome.SIGN_IN),
        (400, 99999, Outcome.NEVER),
        (503, 20503, Outcome.UNKNOWN),
    ],
)
def test_what_a_refusal_means(provider: Provider, status: int, code: int, outcome: Outcome) -> None:
    provider.will({"code": code, "message": "no", "status": status}, status)
    result = provider.send(ADAPTER, outbound(to=THEIRS))
    assert (result.outcome, str(code) in result.detail) == (outcome, True)
    assert TOKEN not in result.detail


def test_a_wait_that_twilio_names_is_kept(provider: Provider) -> None:
    provider.will({"code": 20429, "message": "no"}, 429, Retry_After="7")
    assert provider.send(ADAPTER, outbound(to=THEIRS)).retry_after == 7.0
    provider.will(b"<html>")
    provider.answers.pop(0)
    assert provider.send(ADAPTER, outbound(to=THEIRS)).outcome is Outcome.UNKNOWN


def test_the_token_does_not_follow_to_the_store(provider: Provider) -> None:
    provider.will(b"", 307, Location="https://mms.twiliocdn.com/x")
    provider.will(b"\x89PNG", Content_Type="image/png")
    url = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME0"
    media = ADAPTER.fetch({"url": url})
    assert (media.content, media.content_type) == (b"\x89PNG", "image/png")
    first, second = provider.calls
    assert "Authorization" in first.headers
    assert "Authorization" not in second.headers
    with pytest.raises(OSError, match="not Twilio's"):
        ADAPTER.fetch({"url": "https://example.com/x"})


def test_trying_it_out_tells_twilio_our_address(provider: Provider) -> None:
    provider.will({"sid": SID, "status": "active"})
    provider.will({"incoming_phone_numbers": [{"sid": "PN1"}]})
    provider.will({"sid": "PN1"})
    assert ADAPTER.check("https://desk.example.com/hooks/1/") == ""
    last = provider.calls[-1]
    assert last.path.endswith("/IncomingPhoneNumbers/PN1.json")
    assert dict(last.form())["SmsUrl"] == "https://desk.example.com/hooks/1/"
    provider.answers[:] = [(401, b'{"code":20003,"message":"Authenticate"}', {})]
    assert "auth token" in ADAPTER.check("https://desk.example.com/hooks/1/")
