"""Each mailbox sends by its own server or provider, and what goes wrong there is told apart."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from channels.base import OutboundMessage, Outcome, Result
from channels.delivery import send_batch
from channels.mailboxes.oauth import signed_in
from channels.models import Account, Delivery
from tests.channels.mailboxes import relay_server
from tests.channels.mailboxes.relay_server import RelayServer
from tests.factories import make_account
from tests.sink import Sink

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]


def own(relay: RelayServer, **values: Any) -> dict[str, Any]:
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": relay.port,
        "smtp_security": "none",
        "password": "right",
        **values,
    }


def letter(key: int = 1, **values: Any) -> OutboundMessage:
    return OutboundMessage(
        key=key,
        **{
            "to": "ann@example.org",
            "text": "Have you tried a new gasket?",
            "external_id": f"<x{key}@example.com>",
            "sender": "support@example.com",
            **values,
        },
    )


def sent(account: Account, *letters: OutboundMessage) -> list[Result]:
    return list(signed_in(account).send(letters or [letter()]))


def test_a_mailbox_sends_by_its_own_server_under_its_own_name(sink: Sink) -> None:
    with relay_server.running() as relay:
        [result] = sent(make_account(settings=own(relay)))
        assert (result.outcome, result.detail) == (Outcome.SENT, "")
        assert relay.signed_in_as == ["support@example.com"]
        assert relay.taken[0].mail_from == "support@example.com"
    assert not sink.mails, "EMAIL_URL's server had no part in it"


def test_a_mailbox_without_a_server_sends_by_email_url(sink: Sink) -> None:
    [result] = sent(make_account())
    assert result.outcome is Outcome.SENT
    assert len(sink.mails) == 1


def test_a_relay_of_another_house_has_a_name_and_a_password_of_its_own() -> None:
    with relay_server.running() as relay:
        values = own(relay, password="wrong", smtp_username="relay-7", smtp_password="right")
        [result] = sent(make_account(settings=values))
        assert result.outcome is Outcome.SENT
        assert relay.signed_in_as == ["relay-7"]


def test_email_urls_password_is_never_shown_to_another_server(settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "global", "right"
    with relay_server.running() as relay:
        [result] = sent(make_account(settings=own(relay, password="")))
        assert result.outcome is not Outcome.SENT
        assert not relay.signed_in_as


def test_a_wrong_password_keeps_the_mail_for_later() -> None:
    with relay_server.running() as relay:
        [result] = sent(make_account(settings=own(relay, password="wrong")))
    assert result.outcome is Outcome.LATER
    assert "535" in result.detail
    assert "wrong" not in result.detail


def test_a_token_signs_in_as_google_and_microsoft_want_it() -> None:
    values = {"sign_in": "google", "refresh_token": "r", "access_token_until": time.time() + 9999}
    with relay_server.running() as relay:
        account = make_account(settings=own(relay, **values, access_token="good-token"))
        assert sent(account)[0].outcome is Outcome.SENT
        assert relay.signed_in_as == ["support@example.com"]
        account.settings["access_token"] = "bad-token"
        account.save()
        [result] = sent(account)
        assert result.outcome is Outcome.LATER
        assert "535" in result.detail


def test_mail_waits_while_somebody_has_to_sign_in_again() -> None:
    with relay_server.running() as relay:
        account = make_account(settings=own(relay, sign_in="google"))
        delivery = Delivery.objects.create(
            account=account, to="ann@example.org", external_id="<x@example.com>", payload={}
        )
        send_batch()
        assert not relay.taken
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.QUEUED
    assert "sign in" in delivery.error


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_is_checked(
    security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = relay_server.certificate(tmp_path)
    with relay_server.running(tls=tls, at_once=security == "ssl") as relay:
        account = make_account(settings=own(relay, smtp_security=security))
        [result] = sent(account)
        assert result.outcome is Outcome.LATER
        assert "CERTIFICATE_VERIFY_FAILED" in result.detail
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert sent(account)[0].outcome is Outcome.SENT


def test_a_server_without_starttls_never_hears_the_password() -> None:
    with relay_server.running() as relay:
        [result] = sent(make_account(settings=own(relay, smtp_security="starttls")))
        assert result.outcome is Outcome.LATER
        assert not relay.signed_in_as


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Outcome.SENT), (400, Outcome.NEVER), (401, Outcome.LATER), (503, Outcome.LATER)],
)
def test_a_mailbox_sends_by_a_providers_api_with_its_own_key(
    status: int, outcome: Outcome, sink: Sink
) -> None:
    asked: list[dict[str, Any]] = []

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**body, "key": self.headers["X-Postmark-Server-Token"]})
            said = [{"ErrorCode": 0, "Message": "OK", "MessageID": "p1", "To": "ann@example.org"}]
            answer = json.dumps(said if status == 200 else {"ErrorCode": 405, "Message": "no"})
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Api) as api:
        thread = threading.Thread(target=api.handle_request)
        thread.start()
        options = {"api_url": f"http://127.0.0.1:{api.server_port}/"}
        values = {"outgoing": "postmark", "outgoing_key": "k1", "outgoing_options": options}
        [result] = sent(make_account(settings=values))
        thread.join()
    assert result.outcome is outcome
    assert asked[0]["key"] == "k1"
    assert not sink.mails
