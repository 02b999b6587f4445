"""What is wrong with a mailbox is said in words."""

from __future__ import annotations

import base64
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from channels.adapters.email import Email
from channels.mailboxes.connection import (
    MailboxError,
    Misconfigured,
    SignInRefused,
    Unreachable,
    connect,
    hang_up,
)
from channels.mailboxes.folder import Folder
from tests.channels.mailboxes.dovecot import PASSWORD, Dovecot, free_port

pytestmark = pytest.mark.timeout(60)
USER = "support@example.com"


def settings_for(dovecot: Dovecot, **values: Any) -> Email:
    plain = {"imap_host": "127.0.0.1", "imap_port": dovecot.port, "imap_security": "none"}
    return Email(**{**plain, "password": PASSWORD, **values})


def trouble(settings: Email, *, user: str = USER, token: str = "") -> MailboxError:
    with pytest.raises(MailboxError) as told:
        client = connect(settings, user=user, token=token)
        try:
            Folder(client, settings.folder)
        finally:
            hang_up(client)
    return told.value


class Script:
    """A server that says these lines, one after each of ours; TAG stands for the command's."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    def settings(self, *lines: str, **values: Any) -> Email:
        threading.Thread(target=self._talk, args=lines, daemon=True).start()
        where = {"imap_host": "127.0.0.1", "imap_port": self._listener.getsockname()[1]}
        return Email(**{**where, "imap_security": "none", "password": "x", **values})

    def _talk(self, greeting: str, *answers: str) -> None:
        line, _ = self._listener.accept()
        tag = ""
        with line, line.makefile("rb") as said:
            line.sendall(greeting.encode() + b"\r\n")
            for answer in answers:
                self.heard.append(said.readline().decode().strip())
                tag = found[0] if (found := re.match(r"[A-Z]{4}\d+", self.heard[-1])) else tag
                line.sendall(answer.replace("TAG", tag).encode() + b"\r\n")

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    yield script
    script.close()


def test_a_plain_connection_works_only_to_what_is_trusted(
    dovecot: Dovecot, settings: Settings
) -> None:
    hang_up(connect(settings_for(dovecot), user=USER))
    told = trouble(Email(imap_host="mail.example.com", imap_security="none"))
    assert isinstance(told, Misconfigured)
    assert "HARBOUR_PRIVATE_HOSTS" in str(told)
    settings.HARBOUR_PRIVATE_HOSTS = ["mail.invalid"]
    assert "spelt right" in str(trouble(Email(imap_host="mail.invalid", imap_security="none")))


@pytest.mark.parametrize("security", ["ssl", "starttls"])
def test_a_certificate_must_be_trusted(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    port = dovecot.tls_port if security == "ssl" else dovecot.port
    ours = settings_for(dovecot, imap_host="localhost", imap_port=port, imap_security=security)
    told = trouble(ours)
    assert isinstance(told, Misconfigured)
    assert "certificate of localhost is not trusted" in str(told)
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.root / "cert.pem"))
    hang_up(connect(ours, user=USER))
    other = settings_for(dovecot, imap_port=port, imap_security=security)
    assert "127.0.0.1 is not trusted" in str(trouble(other)), "the name must be right too"


def test_the_wrong_port_and_the_wrong_kind_of_encryption(dovecot: Dovecot) -> None:
    nobody = trouble(settings_for(dovecot, imap_port=free_port()))
    assert isinstance(nobody, Unreachable)
    assert "is the port right" in str(nobody)
    assert "STARTTLS" in str(trouble(settings_for(dovecot, imap_security="ssl")))


def test_a_wrong_password(dovecot: Dovecot) -> None:
    told = trouble(settings_for(dovecot, password="wrong"))
    assert isinstance(told, SignInRefused)
    assert "does not let support@example.com sign in" in str(told)
    assert "wrong" not in str(told)


@pytest.mark.parametrize("password", ["pässword 密码", 'quo"te\\s', "a b"])
def test_any_password_reaches_the_server_whole(dovecot: Dovecot, password: str) -> None:
    assert isinstance(trouble(settings_for(dovecot, password=password)), SignInRefused)


@pytest.mark.parametrize(
    "values", [{"password": "x\r\nA2 DELETE INBOX"}, {"folder": "INBOX\r\nA2 DELETE INBOX"}]
)
def test_no_setting_can_smuggle_a_command(dovecot: Dovecot, values: dict[str, str]) -> None:
    assert "line break" in str(trouble(settings_for(dovecot, **values)))
    assert "line break" in str(trouble(settings_for(dovecot), user="a\r\nA2 DELETE INBOX"))


def test_a_folder_that_is_not_there_and_those_that_are(dovecot: Dovecot) -> None:
    dovecot.user = USER
    dovecot.maildir("Sales")
    told = trouble(settings_for(dovecot, folder="Sails"))
    assert isinstance(told, Misconfigured)
    assert str(told) == "There is no folder Sails; there are: INBOX, Sales"


def test_no_token_where_the_server_takes_none(dovecot: Dovecot) -> None:
    told = trouble(settings_for(dovecot, sign_in="google"), token="t")
    assert isinstance(told, Misconfigured)


def test_a_token_that_is_refused(script: Script) -> None:
    settings = script.settings(
        "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hello",
        "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\nTAG OK done",
        "+ ",
        "+ eyJzdGF0dXMiOiI0MDEifQ==",
        "TAG NO [AUTHENTICATIONFAILED] Invalid credentials",
        sign_in="google",
    )
    told = trouble(settings, token="t-1")
    assert isinstance(told, SignInRefused)
    assert "Invalid credentials" in str(told)
    sent = base64.b64decode(script.heard[2])
    assert sent == b"user=support@example.com\x01auth=Bearer t-1\x01\x01"
    assert script.heard[3] == "", "the reason is answered with nothing (XOAUTH2)"


def test_a_server_that_lets_nobody_in_for_now_says_nothing_about_the_password(
    script: Script,
) -> None:
    settings = script.settings(
        "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello",
        "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done",
        "+ ",
        "TAG NO [UNAVAILABLE] Temporary authentication failure",
    )
    told = trouble(settings)
    assert isinstance(told, Unreachable)
    assert "lets nobody sign in now" in str(told)


def test_a_line_that_breaks_while_signing_in_says_nothing_about_the_password(
    script: Script,
) -> None:
    settings = script.settings(
        "* OK hello", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done", "* BYE"
    )
    assert isinstance(trouble(settings), Unreachable)


@pytest.mark.parametrize("greeting", ["220 mail.example.com ESMTP", "SSH-2.0-OpenSSH_9.2", ""])
def test_something_that_is_no_imap_server(script: Script, greeting: str) -> None:
    told = trouble(script.settings(greeting))
    assert isinstance(told, Unreachable)
    assert "does not greet as an IMAP server" in str(told)


def test_a_mailbox_that_is_offered_before_encryption_is_not_taken(script: Script) -> None:
    """PREAUTH would skip STARTTLS: whoever sits on the line could pretend to be the server."""
    settings = script.settings(
        "* PREAUTH hello",
        "* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK done",
        "TAG OK begin",
        imap_security="starttls",
    )
    assert isinstance(trouble(settings), MailboxError)
    assert not [line for line in script.heard if "LOGIN" in line or "AUTH" in line]


def test_a_server_that_offers_no_encryption_gets_no_password(script: Script) -> None:
    settings = script.settings(
        "* OK hello", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done", imap_security="starttls"
    )
    told = trouble(settings)
    assert isinstance(told, Misconfigured)
    assert "offers no STARTTLS" in str(told)


def test_a_server_that_wants_to_fill_our_memory_is_left(script: Script) -> None:
    settings = script.settings(
        "* OK hello",
        "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done",
        "* 1 FETCH (BODY[] {9000000000}",
    )
    told = trouble(settings)
    assert isinstance(told, Unreachable)
    assert script.heard
