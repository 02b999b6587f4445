"""SMTP, spoken step by step.

So a connection lost before DATA is told apart from one lost after it: then the server may
have taken the mail, and only it knows (RFC 5321, 6.1). A server that does not let us in at
all has said nothing about the mail: it waits.
"""

from __future__ import annotations

import re
import smtplib
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from channels.base import OutboundMessage, Outcome, Result
from channels.sending.answers import answered, result
from channels.sending.compose import name_everybody
from support.faults import fault_point

_CRLF = re.compile(rb"\r\n|\r|\n")


class TokenBackend(EmailBackend):
    """Signs in with an access token: AUTH XOAUTH2, as Google and Microsoft want it."""

    def __init__(self, *, token_user: str, token: str, **server: Any) -> None:
        super().__init__(**{**server, "username": "", "password": ""})  # not those of EMAIL_URL
        self._said = f"user={token_user}\x01auth=Bearer {token}\x01\x01"

    def open(self) -> bool | None:
        opened = super().open()
        if opened and self.connection is not None:
            self.connection.ehlo_or_helo_if_needed()
            self.connection.auth("XOAUTH2", self._answer)
        return opened

    def _answer(self, challenge: bytes | None = None) -> str:
        """The token first; a challenge means that it was refused, and wants an empty answer."""
        return self._said if challenge is None else ""


def send_one(
    backend: EmailBackend, mail: EmailMultiAlternatives, message: OutboundMessage, *, sender: str
) -> Result:
    """Hand over one mail; ``sender`` is the envelope's, where bounces go."""
    if message.together is None:
        name_everybody(mail, message)
    raw = _CRLF.sub(b"\r\n", mail.message().as_bytes())
    try:
        server = connected(backend)
    except (smtplib.SMTPException, OSError) as error:
        drop(backend)
        return result(message, Outcome.LATER, _words(error))
    try:
        for code, answer in (server.mail(sender), server.rcpt(message.to)):
            if code not in (250, 251):
                server.rset()
                return answered(message, code, answer)
        refused = _others(server, mail, message)
    except smtplib.SMTPResponseException as error:
        drop(backend)
        return answered(message, error.smtp_code, error.smtp_error)
    except UnicodeError:
        return result(message, Outcome.NEVER, "the server takes no address like this one")
    except (smtplib.SMTPException, OSError) as error:
        drop(backend)
        return result(message, Outcome.LATER, _words(error))
    fault_point("delivery.before_data")
    return replace(_hand_over(backend, server, raw, message), refused=refused)


def _others(
    server: smtplib.SMTP, mail: EmailMultiAlternatives, message: OutboundMessage
) -> dict[str, str]:
    """Name those who get the same mail; whom the server does not take, and why."""
    refused = {}
    others = mail.recipients() if message.together else []
    for address in (parseaddr(each)[1] for each in others):
        if address != message.to:
            code, answer = server.rcpt(address)
            if code not in (250, 251):
                refused[address.lower()] = f"{code} {answer.decode('utf-8', 'replace')}"
    return refused


def _hand_over(
    backend: EmailBackend, server: smtplib.SMTP, raw: bytes, message: OutboundMessage
) -> Result:
    try:
        code, answer = server.data(raw)
    except smtplib.SMTPDataError as error:  # refused at DATA: nothing was taken
        return answered(message, error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        drop(backend)
        return result(message, Outcome.UNKNOWN, _words(error))
    fault_point("delivery.accepted")
    return answered(message, code, answer)


def connected(backend: EmailBackend) -> smtplib.SMTP:
    """A server that has let us in. Raises ``SMTPException`` or ``OSError``."""
    if backend.connection is None:
        backend.open()
    if backend.connection is None:
        raise smtplib.SMTPConnectError(421, "no connection")
    backend.connection.ehlo_or_helo_if_needed()
    return backend.connection


def drop(backend: EmailBackend) -> None:
    """A broken connection is of no use to the next mail."""
    if backend.connection is not None:
        backend.connection.close()
        backend.connection = None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
