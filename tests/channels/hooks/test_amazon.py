"""Mail by Amazon SES: signed by SNS, and fetched from S3 when it lies there."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client

from channels import receipts
from channels.models import Receipt
from tests.channels.hooks import calls, signed_calls
from tests.channels.hooks.posting import account_for, post, where

pytestmark = pytest.mark.django_db

SNS_FORGERIES: list[tuple[str, dict[str, str]]] = [
    ("another message", {"Message": "{}"}),
    ("another id", {"MessageId": "x"}),
    ("a topic of somebody else", {"TopicArn": signed_calls.TOPIC.replace("1234", "9999")}),
    ("no signature", {"Signature": ""}),
    ("half a signature", {"Signature": "AAAA"}),
    ("a signature that is no base64", {"Signature": "###"}),
    ("an unknown version", {"SignatureVersion": "3"}),
    ("the other version", {"SignatureVersion": "1"}),
    ("plain http", {"SigningCertURL": signed_calls.CERTIFICATE_URL.replace("https", "http")}),
    ("another host", {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"}),
    ("a user", {"SigningCertURL": signed_calls.CERTIFICATE_URL.replace("//", "//x@evil.example/")}),
    (
        "another port",
        {"SigningCertURL": signed_calls.CERTIFICATE_URL.replace(".com/", ".com:8443/")},
    ),
    ("another path", {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/evil.pem"}),
    (
        "another region",
        {"SigningCertURL": signed_calls.CERTIFICATE_URL.replace("eu-west-1", "us-east-1")},
    ),
    (
        "a bucket",
        {"SigningCertURL": "https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"},
    ),
]


@pytest.mark.parametrize(("what", "changes"), SNS_FORGERIES)
def test_an_sns_message_with_something_changed_is_refused(
    what: str, changes: dict[str, str], internet: dict[str, Any]
) -> None:
    account = account_for(signed_calls.amazon_ses())
    internet |= signed_calls.amazon_ses().internet
    assert post(account, signed_calls.amazon_ses(**changes)) == 403, what
    assert not Receipt.objects.exists()
    assert set(internet["asked"]) <= {signed_calls.CERTIFICATE_URL}


def test_a_topic_is_trusted_by_the_installation_too(
    internet: dict[str, Any], settings: Any
) -> None:
    settings.HARBOUR_SES_TOPICS = [signed_calls.TOPIC]
    call = signed_calls.amazon_ses().but(config={})
    internet |= call.internet
    assert post(account_for(call), call) == 200


def test_sns_is_asked_for_its_user_first(internet: dict[str, Any]) -> None:
    call = signed_calls.amazon_ses()
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
    call = signed_calls.sns(said | {"SubscribeURL": CONFIRM})
    account = account_for(call)
    internet |= call.internet
    assert post(account, call) == 503  # Amazon does not answer: it will ask again
    internet[CONFIRM] = calls.ok("<ok/>")
    assert post(account, call) == 200
    assert internet["asked"].count(CONFIRM) == 2
    for url in ("http://127.0.0.1/", "https://sns.eu-west-1.amazonaws.com@evil.example/"):
        assert post(account, signed_calls.sns(said | {"SubscribeURL": url})) == 403
    assert (
        post(account, signed_calls.sns({"Type": "UnsubscribeConfirmation", "Message": "m"})) == 200
    )
    assert not Receipt.objects.exists()


def test_an_sns_message_about_something_else_is_not_filed(internet: dict[str, Any]) -> None:
    call = signed_calls.sns({"Message": "Successfully validated SNS topic"})
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


@pytest.mark.parametrize(("key", "status"), [("in/m1", "filed"), ("in/gone", "suspended")])
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
    call = signed_calls.sns({"Message": json.dumps(event)})
    internet |= call.internet
    assert post(account_for(call), call) == 200
    receipts.file_batch()
    server.shutdown()
    receipt = Receipt.objects.get()
    assert receipt.status == status, receipt.error


def test_without_amazons_certificate_the_call_must_come_again(internet: dict[str, Any]) -> None:
    call = signed_calls.amazon_ses()
    assert post(account_for(call), call) == 503
    assert not Receipt.objects.exists()
