"""The webhook door: proved first, stored once, read later, for every provider."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import randrange
from threading import Thread
from typing import Any
from uuid import uuid4

import anymail.webhooks
import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client

from channels import receipts
from channels.models import Account, Receipt
from channels.providers import proof, sns
from support import http
from tests.channels import provider_calls as calls
from tests.channels.provider_calls import CALLS, Call
from tests.factories import make_account
from tickets.files import open_file
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
CALLER = {"REMOTE_ADDR": "10.0.0.1"}
CLIENT = Client(enforce_csrf_checks=True)


@pytest.fixture(autouse=True)
def _no_cached_certificates() -> None:
    sns._certificate.cache_clear()


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the outside world answers, by URL; ``asked`` lists what was asked."""
    world: dict[str, Any] = {"asked": []}

    def get(url: str, **_: Any) -> http.Answer:
        world["asked"].append(url)
        if url not in world:
            raise http.Unreachable(url)
        return world[url]

    monkeypatch.setattr(http, "get", get)
    return world


@pytest.fixture(autouse=True)
def _own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test calls from an address of its own: how often one may call is counted for all."""
    address = f"10.{randrange(256)}.{randrange(256)}.{randrange(256)}"
    monkeypatch.setitem(CALLER, "REMOTE_ADDR", address)


def account_for(call: Call) -> Account:
    return make_account(settings={"provider": call.provider, **call.config})


def where(account: Account, provider: str = "") -> str:
    return f"/hooks/{account.uuid}/" + (f"{provider}/" if provider else "")


def post(account: Account, call: Call) -> int:
    address = where(account, call.provider)
    headers = call.headers
    kind = call.content_type
    return CLIENT.generic(
        "POST", address, call.body, content_type=kind, headers=headers, **CALLER
    ).status_code


def mandrill() -> tuple[Account, Call]:
    account = make_account(settings={"provider": "mandrill", "webhook_signing_key": calls.KEY})
    return account, calls.mandrill(configured.HARBOUR_URL + where(account, "mandrill"))


def set_up(name: str) -> tuple[Account, Call]:
    if name == "mandrill":
        return mandrill()
    call = CALLS[name]()
    return account_for(call), call


EVERY = [*CALLS, "mandrill"]


def test_every_provider_that_anymail_takes_mail_from_is_here() -> None:
    folder = Path(anymail.webhooks.__file__).parent
    takes_mail = {path.stem for path in folder.glob("*.py") if "InboundEvent(" in path.read_text()}
    assert takes_mail == set(proof.PROVIDERS)
    assert {name.removesuffix("_parsed").removesuffix("_version_1") for name in EVERY} == takes_mail


@pytest.mark.parametrize("name", EVERY)
def test_a_proved_call_becomes_a_ticket_with_everything_in_it(
    name: str, internet: dict[str, Any]
) -> None:
    account, call = set_up(name)
    internet |= call.internet
    assert post(account, call) == 200
    receipt = Receipt.objects.get()
    assert bytes(receipt.body) == call.body
    assert calls.USER not in json.dumps(receipt.meta)
    assert receipts.file_batch() == 1
    receipt.refresh_from_db()
    assert (receipt.status, receipt.error) == ("filed", "")
    message = Ticket.objects.get().messages.get()
    assert message.ticket.subject == calls.SUBJECT
    assert message.external_id == "hook-1@example.org"
    assert message.text.replace("\r\n", "\n").strip() == calls.TEXT.replace("\r\n", "\n")
    assert message.ticket.requester.identities.get().value == calls.SENDER
    (file,) = message.attachments.all()
    assert file.name == "data.bin"
    with open_file(file.key) as content:
        assert content.read() == calls.FILE


@pytest.mark.parametrize("name", EVERY)
def test_a_hundred_repetitions_are_answered_and_stored_once(
    name: str, internet: dict[str, Any]
) -> None:
    account, call = set_up(name)
    internet |= call.internet
    assert {post(account, call) for _ in range(100)} == {200}
    assert Receipt.objects.count() == 1
    assert len(internet["asked"]) <= 1  # Amazon's certificate


@pytest.mark.django_db(transaction=True)
def test_the_same_call_from_twenty_threads_at_once_is_stored_once() -> None:
    call = calls.postmark()
    account = account_for(call)

    def once(_: int) -> int:
        try:
            return post(account, call)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(once, range(100))) == {200}
    assert Receipt.objects.count() == 1


def forgeries(call: Call) -> list[Call]:
    """The call without its proof, with a wrong one, with a part of it, and with other content."""
    found = []
    marks = {name for name in call.headers if name not in ("svix-id", "svix-timestamp")}
    for name in marks:
        value = call.headers[name]
        others = {n: v for n, v in call.headers.items() if n != name}
        wrong = value[:-6] + ("AAAA" if value[-6:-2] != "AAAA" else "BBBB") + value[-2:]
        for said in (
            None,
            "",
            wrong,
            value[:-4],
            value[:12] + "A" + value[12:],
            value.encode().hex(),
        ):
            headers = others if said is None else others | {name: said}
            found.append(call.but(headers=headers))
    if marks - {"Authorization"}:  # it signs what it says
        found += [call.but(body=call.body + b" "), call.but(body=call.body.replace(b"a", b"b", 1))]
    return found


@pytest.mark.parametrize("name", [n for n in EVERY if not n.startswith(("amazon", "mailgun"))])
def test_a_call_that_proves_nothing_leaves_nothing(name: str, internet: dict[str, Any]) -> None:
    account, call = set_up(name)
    forged = forgeries(call)
    assert len(forged) >= 6
    for each in forged:
        assert post(account, each) == 403, each.headers
    assert not Receipt.objects.exists()


def test_mailguns_signature_must_fit_and_be_recent() -> None:
    account = account_for(calls.mailgun())
    now = time.time()
    assert post(account, calls.mailgun(when=now - 800)) == 200
    for call in (
        calls.mailgun(when=now - 1000),
        calls.mailgun(when=now + 400),
        calls.mailgun(signature="0" * 64),
        calls.mailgun(signature=calls.mailgun_proof()["signature"]),
        calls.mailgun(signature=""),
        calls.mailgun(token="x"),
        calls.mailgun(token="\xff"),
        calls.mailgun(timestamp=str(int(now) - 1)),
        calls.mailgun(timestamp=""),
    ):
        assert post(account, call) == 403
    assert Receipt.objects.count() == 1


def test_a_mailgun_token_cannot_be_shifted_into_a_new_one() -> None:
    """The signature covers timestamp and token run together, wherever the seam is said to be."""
    account = account_for(calls.mailgun())
    fields = calls.mailgun_proof()
    whole = fields["timestamp"] + fields["token"]
    for seam in (8, 9, 11, 12):
        call = calls.mailgun(
            timestamp=whole[:seam], token=whole[seam:], signature=fields["signature"]
        )
        assert post(account, call) in (400, 403)
    assert not Receipt.objects.exists()


def test_without_a_secret_nobody_is_believed(internet: dict[str, Any]) -> None:
    for number, make in enumerate(CALLS.values()):
        call = make()
        internet |= call.internet
        values = {"provider": call.provider, "webhook_secret": "nocolon"}
        account = make_account(address=f"a{number}@example.com", settings=values)
        assert post(account, call) in (401, 403), call.provider
    assert not Receipt.objects.exists()


SNS_FORGERIES: list[tuple[str, dict[str, str]]] = [
    ("another message", {"Message": "{}"}),
    ("another id", {"MessageId": "x"}),
    ("a topic of somebody else", {"TopicArn": calls.TOPIC.replace("1234", "9999")}),
    ("no signature", {"Signature": ""}),
    ("half a signature", {"Signature": "AAAA"}),
    ("a signature that is no base64", {"Signature": "###"}),
    ("an unknown version", {"SignatureVersion": "3"}),
    ("the other version", {"SignatureVersion": "1"}),
    ("plain http", {"SigningCertURL": calls.CERTIFICATE_URL.replace("https", "http")}),
    ("another host", {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"}),
    ("a user", {"SigningCertURL": calls.CERTIFICATE_URL.replace("//", "//x@evil.example/")}),
    ("another port", {"SigningCertURL": calls.CERTIFICATE_URL.replace(".com/", ".com:8443/")}),
    ("another path", {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/evil.pem"}),
    ("another region", {"SigningCertURL": calls.CERTIFICATE_URL.replace("eu-west-1", "us-east-1")}),
    (
        "a bucket",
        {"SigningCertURL": "https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"},
    ),
]


@pytest.mark.parametrize(("what", "changes"), SNS_FORGERIES)
def test_an_sns_message_with_something_changed_is_refused(
    what: str, changes: dict[str, str], internet: dict[str, Any]
) -> None:
    account = account_for(calls.amazon_ses())
    internet |= calls.amazon_ses().internet
    assert post(account, calls.amazon_ses(**changes)) == 403, what
    assert not Receipt.objects.exists()
    assert set(internet["asked"]) <= {calls.CERTIFICATE_URL}


def test_a_topic_is_trusted_by_the_installation_too(
    internet: dict[str, Any], settings: Any
) -> None:
    settings.HARBOUR_SES_TOPICS = [calls.TOPIC]
    call = calls.amazon_ses().but(config={})
    internet |= call.internet
    assert post(account_for(call), call) == 200


def test_sns_is_asked_for_its_user_first(internet: dict[str, Any]) -> None:
    call = calls.amazon_ses()
    call.config["webhook_secret"] = calls.USER
    internet |= call.internet
    account = account_for(call)
    response = Client().post(where(account, "amazon_ses"), call.body, content_type="text/plain")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic ")
    right = calls.by_user("amazon_ses", b"").headers
    assert post(account, call.but(headers={"Authorization": "Basic eDp5"})) == 403
    assert post(account, call.but(headers=right)) == 200


CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"


def test_a_subscription_is_confirmed_at_amazon_for_a_trusted_topic(
    internet: dict[str, Any],
) -> None:
    said = {"Type": "SubscriptionConfirmation", "Token": "t", "Message": "m"}
    call = calls.sns(said | {"SubscribeURL": CONFIRM})
    account = account_for(call)
    internet |= call.internet
    assert post(account, call) == 503  # Amazon does not answer: it will ask again
    internet[CONFIRM] = calls.ok("<ok/>")
    assert post(account, call) == 200
    assert internet["asked"].count(CONFIRM) == 2
    for url in ("http://127.0.0.1/", "https://sns.eu-west-1.amazonaws.com@evil.example/"):
        assert post(account, calls.sns(said | {"SubscribeURL": url})) == 403
    assert post(account, calls.sns({"Type": "UnsubscribeConfirmation", "Message": "m"})) == 200
    assert not Receipt.objects.exists()


def test_an_sns_message_about_something_else_is_not_filed(internet: dict[str, Any]) -> None:
    call = calls.sns({"Message": "Successfully validated SNS topic"})
    internet |= call.internet
    assert post(account_for(call), call) == 200
    receipts.file_batch()
    assert Receipt.objects.get().status == Receipt.Status.IGNORED


class Bucket(BaseHTTPRequestHandler):
    """S3 as far as one mail goes."""

    def do_GET(self) -> None:
        is_there = self.path.split("?")[0] == "/mails/in/m1"
        body = calls.RAW.encode() if is_there else b"<Error><Code>NoSuchKey</Code></Error>"
        self.send_response(200 if is_there else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize(("key", "status"), [("in/m1", "filed"), ("in/gone", "quarantined")])
def test_a_mail_that_ses_put_into_a_bucket_is_fetched_by_the_worker(
    key: str, status: str, internet: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    action = {"type": "S3", "bucketName": "mails", "objectKey": key}
    event = {
        "notificationType": "Received",
        "mail": {"source": calls.SENDER},
        "receipt": {"recipients": [calls.INBOX], "action": action},
    }
    call = calls.sns({"Message": json.dumps(event)})
    internet |= call.internet
    assert post(account_for(call), call) == 200
    receipts.file_batch()
    server.shutdown()
    receipt = Receipt.objects.get()
    assert receipt.status == status, receipt.error


def test_without_amazons_certificate_the_call_must_come_again(internet: dict[str, Any]) -> None:
    call = calls.amazon_ses()
    assert post(account_for(call), call) == 503
    assert not Receipt.objects.exists()


def test_what_cannot_be_fetched_now_is_tried_again(internet: dict[str, Any]) -> None:
    call = calls.resend()
    assert post(account_for(call), call) == 200
    receipts.file_batch()
    receipt = Receipt.objects.get()
    assert receipt.status == Receipt.Status.WAITING
    internet |= call.internet
    receipts.process([receipt.pk])
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.FILED


def test_who_does_not_exist_is_told_in_the_same_words() -> None:
    account = account_for(calls.postmark())
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
    account = account_for(calls.postmark())
    response = getattr(Client(), method)(where(account, "postmark"))
    assert (response.status_code, response["Allow"]) == (405, "POST, HEAD")


def test_a_provider_may_try_the_address_with_head() -> None:
    assert Client().head(f"/hooks/{uuid4()}/mandrill/").status_code == 200


def test_a_call_above_the_limit_is_refused_unread(settings: Any) -> None:
    settings.HARBOUR_MAIL_LIMIT = 1000
    call = calls.postmark()
    assert len(call.body) > 2000
    assert post(account_for(call), call) == 413


def test_a_raw_mail_of_20_megabytes_in_a_form_is_taken() -> None:
    raw = calls.RAW.encode() + b"x" * (20 * 1024 * 1024)
    fields: dict[str, str | bytes] = {"sender": "a@b", "recipient": calls.INBOX, "body-mime": raw}
    body, content_type = calls.form(fields | calls.mailgun_proof(), {})
    call = calls.mailgun().but(body=body, content_type=content_type)
    assert post(account_for(call), call) == 200
    assert len(bytes(Receipt.objects.get().body)) == len(body)


BROKEN = [b"", b"{", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b"\xff\xfe", b"{}{}", b"--\r\n"]


@pytest.mark.parametrize("name", EVERY)
def test_a_broken_call_is_answered_and_never_breaks_us(name: str, internet: dict[str, Any]) -> None:
    """Those who prove the caller and not the content take it: the worker then sets it aside."""
    account, call = set_up(name)
    internet |= call.internet
    for body in BROKEN:
        assert post(account, call.but(body=body)) in (200, 400, 403)
    receipts.file_batch()
    for receipt in Receipt.objects.all():
        assert receipt.status in (Receipt.Status.QUARANTINED, Receipt.Status.IGNORED)


def test_too_many_calls_are_put_off(settings: Any) -> None:
    settings.HARBOUR_SMTP_RATE = 3
    account = account_for(calls.postmark())
    statuses = [post(account, calls.postmark()) for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
