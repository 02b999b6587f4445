"""Email: raw mails in, and out through Django's mail backend (SMTP, or any of anymail's).

SMTP is spoken step by step, so that a connection lost before DATA is told apart from one
lost after it: then the server may have taken the mail, and only it knows (RFC 5321, 6.1).
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from email.utils import formataddr

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from channels.base import (
    Adapter,
    Forged,
    OutboundMessage,
    Outcome,
    RawCall,
    Result,
    secret,
    setting,
)
from channels.incoming import inbound_of
from channels.providers.mails import raw_mails
from support.faults import fault_point
from tickets.files import open_file
from tickets.inbound import InboundMessage

_NULL_SENDER = ""
_CRLF = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, kw_only=True)
class Email(Adapter):
    kind = "email"
    label = "Email"

    from_name: str = setting("The name customers see as the sender.", default="")
    plus_addressing: bool = setting(
        "The mailbox takes support+anything@: replies carry a signed address.", default=True
    )
    provider: str = setting("Who hands over mail by webhook, such as mailgun.", default="")
    webhook_secret: str = secret("user:password in the webhook's address.", default="")
    webhook_signing_key: str = secret("The key the provider signs its calls with.", default="")
    api_key: str = secret("For providers whose call only announces a mail.", default="")
    topics: str = setting("Amazon SES: the SNS topics to trust, by ARN.", default="")
    imap_host: str = setting("Fetch from this server; empty: mail is handed to us.", default="")
    imap_port: int = setting("Usually 993.", default=993)
    imap_security: str = setting("ssl, starttls or none.", default="ssl")
    sign_in: str = setting("How we sign in: password, google or microsoft.", default="password")
    username: str = setting("Empty: the mailbox's address.", default="")
    password: str = secret(
        "A password for this program, where the provider makes such.", default=""
    )
    refresh_token: str = secret("From signing in at the provider.", default="")
    access_token: str = secret("Good until access_token_until.", default="")
    access_token_until: int = setting("Seconds since 1970.", default=0)
    refreshing_until: int = setting("Until then somebody else is refreshing it.", default=0)
    folder: str = setting("The folder that is fetched.", default="INBOX")
    after_fetch: str = setting("keep, seen, move or delete.", default="keep")
    move_to: str = setting("Where fetched mail is moved.", default="")
    size_limit: int = setting("Bytes of a mail that is fetched; 0: HARBOUR_MAIL_LIMIT.", default=0)
    smtp_host: str = setting("Send by this server; empty: by EMAIL_URL.", default="")
    smtp_port: int = setting("Usually 587, or 465 with ssl.", default=587)
    smtp_security: str = setting("starttls, ssl or none.", default="starttls")
    smtp_username: str = setting("Where it differs from the mailbox's own.", default="")
    smtp_password: str = secret("Where it differs from the mailbox's own.", default="")
    outgoing: str = setting("A provider's API to send by, such as mailgun.", default="")
    outgoing_key: str = secret("The key of that API.", default="")
    outgoing_options: Mapping[str, str] = setting(
        "What else that API wants, such as sender_domain.", default_factory=dict
    )

    @property
    def signs_in_to_send(self) -> bool:
        """Whether mail leaves with an access token in the place of a password."""
        own = bool(self.smtp_password or self.outgoing)
        return bool(self.smtp_host) and self.sign_in != "password" and not own

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        raise Forged("mail comes by SMTP, or by a provider's own signed webhook")

    def parse(self, call: RawCall) -> Iterator[InboundMessage]:
        if call.meta.get("door") != "anymail":
            yield inbound_of(call)
            return
        for raw, envelope in raw_mails(call.meta, call.body, asdict(self)):
            yield inbound_of(replace(call, body=raw, meta={**call.meta, **envelope}))

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        backend = get_connection()
        try:
            for message in messages:
                yield _send_one(backend, message)
        finally:
            _close(backend)


def _close(backend: BaseEmailBackend) -> None:
    try:
        backend.close()
    except (smtplib.SMTPException, OSError):
        return  # every mail has its answer by now


def _send_one(backend: BaseEmailBackend, message: OutboundMessage) -> Result:
    try:
        mail = compose(message)
    except OSError as error:
        return _result(message, Outcome.LATER, f"an attachment cannot be read: {error}")
    if isinstance(backend, EmailBackend):
        return _by_smtp(backend, mail, message)
    return _by_provider(backend, mail, message)


def compose(message: OutboundMessage) -> EmailMultiAlternatives:
    """The mail as it leaves. Raises ``OSError`` when an attachment cannot be read."""
    mail = EmailMultiAlternatives(
        subject=" ".join(message.subject.split()),
        body=message.text,
        from_email=formataddr((message.from_name, message.sender)),
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": message.external_id, **message.headers},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for file in message.files:
        with open_file(file.key) as content:
            mail.attach(file.name, content.read(), file.content_type)
    return mail


def _by_smtp(
    backend: EmailBackend, mail: EmailMultiAlternatives, message: OutboundMessage
) -> Result:
    raw = _CRLF.sub(b"\r\n", mail.message().as_bytes())
    sender = _NULL_SENDER if message.is_automatic else message.sender
    try:
        server = _connected(backend)
        for code, answer in (server.mail(sender), server.rcpt(message.to)):
            if code not in (250, 251):
                server.rset()
                return _answered(message, code, answer)
    except smtplib.SMTPResponseException as error:
        _drop(backend)
        return _answered(message, error.smtp_code, error.smtp_error)
    except UnicodeError:
        return _result(message, Outcome.NEVER, "the server takes no address like this one")
    except (smtplib.SMTPException, OSError) as error:
        _drop(backend)
        return _result(message, Outcome.LATER, f"{type(error).__name__}: {error}")
    fault_point("delivery.before_data")
    return _hand_over(backend, server, raw, message)


def _hand_over(
    backend: EmailBackend, server: smtplib.SMTP, raw: bytes, message: OutboundMessage
) -> Result:
    try:
        code, answer = server.data(raw)
    except smtplib.SMTPDataError as error:  # refused at DATA: nothing was taken
        return _answered(message, error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        _drop(backend)
        return _result(message, Outcome.UNKNOWN, f"{type(error).__name__}: {error}")
    fault_point("delivery.accepted")
    return _answered(message, code, answer)


def _connected(backend: EmailBackend) -> smtplib.SMTP:
    if backend.connection is None:
        backend.open()
    if backend.connection is None:
        raise smtplib.SMTPConnectError(421, "no connection")
    backend.connection.ehlo_or_helo_if_needed()
    return backend.connection


def _drop(backend: EmailBackend) -> None:
    """A broken connection is of no use to the next mail."""
    if backend.connection is not None:
        backend.connection.close()
        backend.connection = None


def _answered(message: OutboundMessage, code: int, answer: bytes | str) -> Result:
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    if code == 250:
        return _result(message, Outcome.SENT, "")
    outcome = Outcome.LATER if 400 <= code < 500 else Outcome.NEVER
    return _result(message, outcome, f"{code} {said}")


def _by_provider(
    backend: BaseEmailBackend, mail: EmailMultiAlternatives, message: OutboundMessage
) -> Result:
    try:
        backend.send_messages([mail])
    except AnymailRecipientsRefused as error:
        return _result(message, Outcome.NEVER, str(error))
    except AnymailAPIError as error:
        status = error.status_code or 0
        refused = 400 <= status < 500 and status != 429
        return _result(message, Outcome.NEVER if refused else Outcome.LATER, str(error)[:500])
    except (AnymailError, OSError) as error:
        return _result(message, Outcome.UNKNOWN, f"{type(error).__name__}: {error}"[:500])
    return _result(message, Outcome.SENT, "")


def _result(message: OutboundMessage, outcome: Outcome, detail: str) -> Result:
    return Result(key=message.key, outcome=outcome, detail=detail, external_id=message.external_id)
