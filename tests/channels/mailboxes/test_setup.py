"""Connecting mailboxes, at the command line and below it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from channels.adapters.email import Email
from channels.mailboxes import setup
from channels.mailboxes.hosts import is_inside
from channels.mailboxes.settings import change, faults
from channels.models import Account, Alias, FetchState, Receipt
from support.models import Event
from tests.channels.mailboxes.dovecot import PASSWORD, Dovecot
from tests.factories import make_account, make_agent, make_inbox, raw_mail
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("mailbox", *words, stdout=said)
    return said.getvalue()


def connect_words(dovecot: Dovecot) -> list[str]:
    return [
        *("connect", dovecot.user, "--name", "Front desk", "--alias", "Hilfe@example.com"),
        *("--imap-host", "127.0.0.1", "--imap-port", str(dovecot.port)),
        *("--imap-security", "none"),
    ]


def test_a_mailbox_is_connected_tried_out_and_only_watches(
    dovecot: Dovecot, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARBOUR_MAILBOX_PASSWORD", PASSWORD)
    said = run(*connect_words(dovecot))
    assert "only watches" in said
    assert "ok    Folder" in said
    assert PASSWORD not in said
    account = Account.objects.get()
    assert (account.mode, account.inbox.name) == (Account.Mode.WATCH, "Front desk")
    assert account.settings["username"] == dovecot.user
    assert [alias.address for alias in account.aliases.all()] == ["hilfe@example.com"]
    events = Event.objects.filter(kind="mailbox.changed").order_by("pk")
    assert [event.payload["change"] for event in events] == ["connected", "aliases"]
    assert "ok    Incoming mail" in run("test", "HILFE@example.com")
    with connection.cursor() as cursor:
        cursor.execute("select settings from channels_account")
        assert PASSWORD not in str(cursor.fetchone())


def test_a_password_comes_by_standard_input_too(
    dovecot: Dovecot, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert "ok    Incoming mail" in run(*connect_words(dovecot), "--password-stdin")


def test_without_a_password_nothing_is_connected(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="no password"):
        run(*connect_words(dovecot))
    assert not Account.objects.exists()


def test_a_test_that_fails_has_another_exit_code(dovecot: Dovecot, sink: Sink) -> None:
    make_account(settings={"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_security": "none"})
    with pytest.raises(SystemExit) as ended:
        run("test", "support@example.com")
    assert ended.value.code == 1


def test_live_watch_import_and_disable() -> None:
    account = make_account(mode="watch", settings={"imap_host": "imap.example.com"})
    Receipt.objects.create(account=account, body=raw_mail(), status="watched")
    assert "live" in run("live", account.address, "--file-watched")
    assert Receipt.objects.get().status == Receipt.Status.WAITING
    run("import", account.address, "--since", "2026-01-15")
    assert str(FetchState.objects.get().import_since) == "2026-01-15"
    run("watch", account.address)
    run("disable", account.address)
    account.refresh_from_db()
    assert (account.mode, account.is_active) == ("watch", False)
    run("enable", account.address)
    account.refresh_from_db()
    assert account.is_active
    changes = Event.objects.filter(kind="mailbox.changed").values_list("payload", flat=True)
    assert [each["change"] for each in changes.order_by("pk")] == ["disabled", "enabled"]


def test_the_list_is_for_people_and_machines() -> None:
    account = make_account(settings={"imap_host": "imap.example.com", "password": "secret-word"})
    FetchState.objects.create(account=account, error="It is down.", failures=1)
    assert "It is down." in run("list")
    told = json.loads(run("list", "--json"))
    assert (told["address"], told["state"]) == ("support@example.com", "trouble")
    assert "secret-word" not in run("list") + run("list", "--json")


@pytest.mark.parametrize("words", [["test", "x@example.com"], ["import", "x", "--since", "soon"]])
def test_what_is_not_there_is_said(words: list[str]) -> None:
    with pytest.raises((CommandError, SystemExit)):
        run(*words)


def test_an_address_belongs_to_one_mailbox() -> None:
    first = make_account()
    setup.set_aliases(first, ["hilfe@example.com"], actor=None)
    for address in ("support@example.com", "HILFE@example.com"):
        with pytest.raises(setup.Refused, match="already"):
            setup.connect(address, {}, actor=None)
    second = setup.connect("sales@example.com", {}, inbox=make_inbox(), actor=None)
    for alias in ("support@example.com", "hilfe@example.com"):
        with pytest.raises(setup.Refused, match="already"):
            setup.set_aliases(second, [alias], actor=None)
    setup.set_aliases(first, [" ", "sos@example.com"], actor=None)
    assert [alias.address for alias in Alias.objects.all()] == ["sos@example.com"]


@pytest.mark.parametrize(
    "address", ["", "nobody", "a b@example.com", "x@example.com\nBcc: y@z.org"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(setup.Refused, match="no email address"):
        setup.connect(address, {}, actor=None)


def test_a_setting_nobody_knows_is_refused_and_nothing_stored() -> None:
    with pytest.raises(TypeError):
        setup.connect("sales@example.com", {"imap_hots": "x"}, actor=None)
    account = make_account(settings={"folder": "A"})
    with pytest.raises(TypeError):
        change(account, {"imap_hots": "x"})
    assert Account.objects.get().settings == {"folder": "A"}


def test_an_edit_is_written_down_by_name_and_never_by_value() -> None:
    agent = make_agent()
    account = make_account(settings={"password": "old-word", "folder": "INBOX"})
    setup.edit(account, {"password": "new-word", "folder": "INBOX"}, actor=agent)
    event = Event.objects.get(kind="mailbox.changed")
    assert (event.payload["names"], event.actor) == (["password"], agent)
    assert "word" not in str(event.payload["names"]).replace("password", "")
    assert Account.objects.get().settings["password"] == "new-word"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"imap_security": "tls"}, "imap_security"),
        ({"imap_host": "imap.example.com", "imap_security": "none"}, "imap_security"),
        ({"smtp_host": "a b"}, "smtp_host"),
        ({"imap_host": "http://x"}, "imap_host"),
        ({"imap_host": "x.example.com", "imap_port": 0}, "imap_port"),
        ({"smtp_host": "x.example.com", "smtp_port": 70000}, "smtp_port"),
        ({"username": "a\r\nb"}, "username"),
        ({"after_fetch": "move"}, "move_to"),
        ({"after_fetch": "move", "move_to": "inbox"}, "move_to"),
        ({"outgoing": "mailgun"}, "outgoing_key"),
        ({"outgoing": "telegraph", "outgoing_key": "k"}, "outgoing"),
        ({"size_limit": -1}, "size_limit"),
    ],
)
def test_what_cannot_be_right_is_found_before_it_is_tried(
    values: dict[str, Any], field: str
) -> None:
    assert list(faults(Email(**values))) == [field]


def test_what_can_be_right_is_left_alone(settings: Any) -> None:
    assert not faults(Email())
    assert not faults(Email(imap_host="127.0.0.1", imap_security="none"))
    settings.HARBOUR_PRIVATE_HOSTS = ["mail.internal"]
    assert not faults(Email(imap_host="mail.internal", imap_security="none"))
    assert not faults(Email(imap_host="[::1]".strip("[]"), after_fetch="move", move_to="Done"))


def test_a_host_inside_is_known_unless_the_operator_named_it(settings: Any) -> None:
    assert is_inside("localhost")
    assert is_inside("169.254.169.254")
    assert not is_inside("8.8.8.8")
    assert not is_inside("mail.invalid")
    settings.HARBOUR_PRIVATE_HOSTS = ["localhost"]
    assert not is_inside("localhost")
