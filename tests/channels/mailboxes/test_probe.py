"""The connection test: each thing that can be wrong is told apart, and no secret is told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from channels.mailboxes import presets
from channels.mailboxes.probe import Finding, is_well, probe
from tests.channels.mailboxes import relay_server
from tests.channels.mailboxes.boxes import make_mailbox
from tests.channels.mailboxes.dovecot import PASSWORD, Dovecot, free_port
from tests.channels.mailboxes.relay_server import RelayServer
from tests.factories import make_account
from tests.sink import Sink

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]


def by_step(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.step: finding for finding in findings}


def sending(relay: RelayServer, **values: Any) -> list[Finding]:
    settings = {
        "smtp_host": "127.0.0.1",
        "smtp_port": relay.port,
        "smtp_security": "none",
        "password": "right",
        **values,
    }
    return probe(make_account(settings=settings))


def test_a_mailbox_that_works_says_so_and_is_left_as_it_was(dovecot: Dovecot, sink: Sink) -> None:
    dovecot.drop(b"Subject: one\n\nx\n", b"Subject: two\n\nx\n")
    found = probe(make_mailbox(dovecot))
    assert is_well(found)
    told = by_step(found)
    assert told["Folder"].words == "The folder INBOX holds 2 mails."
    assert told["Outgoing mail"].is_well
    assert told["Sender"].words == f"It takes mail from {dovecot.user}."
    assert "+t1@" in told["Plus-addresses"].words
    assert not sink.mails
    assert all(path.parent.name == "new" for path in dovecot.files()), "nothing was marked"


@pytest.mark.parametrize(
    ("values", "says", "advises"),
    [
        ({"password": "wrong-word"}, "does not let", "application password"),
        ({"imap_port": 1}, "takes no connection on port 1", ""),
        (
            {"imap_host": "mail.invalid", "imap_security": "ssl"},
            "name mail.invalid is not known",
            "",
        ),
        ({"imap_security": "ssl"}, "does not speak TLS", ""),
        ({"imap_security": "starttls"}, "certificate of 127.0.0.1 is not trusted", ""),
    ],
)
def test_what_keeps_us_from_fetching(
    dovecot: Dovecot, sink: Sink, values: dict[str, Any], says: str, advises: str
) -> None:
    found = probe(make_mailbox(dovecot, **values))
    assert not is_well(found)
    told = by_step(found)["Incoming mail"]
    assert told.is_well is False
    assert says in told.words
    assert advises in told.hint
    assert by_step(found)["Outgoing mail"].is_well, "the rest is tried all the same"
    assert "wrong-word" not in repr(found)


def test_a_folder_that_is_missing_is_named_with_those_that_are_there(
    dovecot: Dovecot, sink: Sink
) -> None:
    told = by_step(probe(make_mailbox(dovecot, folder="Support")))["Folder"]
    assert told.is_well is False
    assert "no folder Support" in told.words
    assert "INBOX" in told.words


def test_each_providers_own_password_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, word in {"exmail": "Tencent", "netease": "NetEase", "aliyun": "Aliyun"}.items():
        preset = presets.presets()[name]
        assert word in str(preset.refusal)
        assert presets.of_host(preset.values["imap_host"]) == preset
        assert preset.values["plus_addressing"] is False
    assert presets.of_host("") is None


def test_nothing_is_fetched_where_mail_is_handed_over(sink: Sink) -> None:
    told = by_step(probe(make_account(settings={"plus_addressing": False})))
    assert told["Incoming mail"].is_well is None
    assert "mail door" in told["Incoming mail"].words
    assert told["Outgoing mail"].is_well
    assert "Not used" in told["Plus-addresses"].words


def test_sending_is_tried_without_a_mail() -> None:
    with relay_server.running() as relay:
        assert is_well(sending(relay))
        assert relay.signed_in_as == ["support@example.com"]
        assert not relay.taken


def test_a_wrong_password_for_sending_is_told_without_it() -> None:
    with relay_server.running() as relay:
        found = sending(relay, password="wrong-word")
    told = by_step(found)["Outgoing mail"]
    assert told.is_well is False
    assert "refuses the user name or password: 535" in told.words
    assert "application password" in told.hint
    assert "wrong-word" not in repr(found)


def test_a_server_that_takes_no_mail_from_the_mailbox_is_told_at_once(sink: Sink) -> None:
    sink.refused_senders = {"support@example.com"}
    told = by_step(probe(make_account()))["Sender"]
    assert told.is_well is False
    assert "553" in told.words


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"smtp_port": 1}, "takes no connection on port 1"),
        ({"smtp_host": "mail.invalid"}, "name mail.invalid is not known"),
        ({"smtp_security": "starttls"}, "offers no STARTTLS"),
        ({"smtp_security": "ssl"}, "does not speak TLS"),
    ],
)
def test_what_keeps_us_from_sending(values: dict[str, Any], says: str) -> None:
    with relay_server.running() as relay:
        told = by_step(sending(relay, **values))["Outgoing mail"]
    assert told.is_well is False
    assert says in told.words


def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    with relay_server.running(tls=relay_server.certificate(tmp_path)) as relay:
        told = by_step(sending(relay, smtp_security="starttls"))["Outgoing mail"]
    assert "certificate of 127.0.0.1 is not trusted" in told.words


def test_a_silent_server_does_not_hold_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.mailboxes.probe._PATIENCE", 0.3)
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        values = {"smtp_host": "127.0.0.1", "smtp_port": silent.getsockname()[1]}
        begun = time.monotonic()
        told = by_step(probe(make_account(settings={**values, "smtp_security": "none"})))
    assert time.monotonic() - begun < 5
    assert "does not answer" in told["Outgoing mail"].words


def test_a_mailbox_nobody_signed_in_to_asks_for_it() -> None:
    [told] = probe(make_account(settings={"sign_in": "google", "imap_host": "imap.gmail.com"}))
    assert told.is_well is False
    assert "sign in" in told.hint


def test_a_provider_by_api_is_not_called_without_a_mail() -> None:
    told = by_step(probe(make_account(settings={"outgoing": "postmark", "outgoing_key": "k123"})))
    assert told["Outgoing mail"].is_well is None


def test_what_a_server_repeats_of_a_secret_is_left_out(dovecot: Dovecot, sink: Sink) -> None:
    found = probe(make_mailbox(dovecot, folder=f"x{PASSWORD}"))
    assert PASSWORD not in repr(found)


def test_it_speaks_chinese(dovecot: Dovecot) -> None:
    with override("zh-hans"):
        told = probe(make_mailbox(dovecot, imap_port=free_port()))[0]
    assert "端口" in told.words
