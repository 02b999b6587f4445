"""Email: raw mails in, and out by the mailbox's own server or provider, else by EMAIL_URL."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from channels.base import (
    Adapter,
    Forged,
    OutboundMessage,
    Outcome,
    RawCall,
    Result,
    WebhookCall,
    secret,
    setting,
)
from channels.incoming import inbound_of
from channels.providers.mails import raw_mails
from channels.sending import apis, smtp
from channels.sending.answers import result
from channels.sending.compose import compose
from channels.threads import bounce_address
from tickets.inbound import InboundMessage

_LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_PATIENCE = 20  # seconds for each step of a conversation


@dataclass(frozen=True, kw_only=True)
class Email(Adapter):
    kind = "email"
    label = "Email"

    from_name: str = setting("The name customers see as the sender.", default="")
    plus_addressing: bool = setting(
        "The mailbox takes support+anything@: replies carry a signed address.", default=True
    )
    bounce_addressing: bool = setting(
        "Replies leave under a signed envelope sender that bounces come back to (VERP).",
        default=True,
    )
    form_relays: str = setting(
        "Addresses of forms whose Reply-To is the customer; apart by blanks.", default=""
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

    def verify(self, call: WebhookCall) -> None:
        raise Forged("mail comes by SMTP, or by a provider's own signed webhook")

    def parse(self, call: RawCall) -> Iterator[InboundMessage]:
        relays = frozenset(self.form_relays.lower().replace(",", " ").split())
        if call.meta.get("door") != "anymail":
            yield inbound_of(call, form_relays=relays)
            return
        for raw, envelope in raw_mails(call.meta, call.body, asdict(self)):
            one = replace(call, body=raw, meta={**call.meta, **envelope})
            yield inbound_of(one, form_relays=relays)

    @property
    def sends_together(self) -> bool:
        """No provider's API takes headers that name others than those it writes to."""
        own = bool(self.smtp_host) or isinstance(get_connection(), EmailBackend)
        return bool(self.outgoing) or not own

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        if self.signs_in_to_send and not self.access_token:
            for message in messages:
                yield result(message, Outcome.LATER, "somebody has to sign in to the mailbox again")
            return
        backend = self.backend()
        try:
            for message in messages:
                yield self._send_one(backend, message)
        finally:
            _close(backend)

    def _send_one(self, backend: BaseEmailBackend, message: OutboundMessage) -> Result:
        try:
            mail = compose(message)
        except OSError as error:
            return result(message, Outcome.LATER, f"an attachment cannot be read: {error}")
        if isinstance(backend, EmailBackend):
            return smtp.send_one(backend, mail, message, sender=self._envelope_sender(message))
        return apis.send_one(backend, mail, message)

    def _envelope_sender(self, message: OutboundMessage) -> str:
        """Where a bounce comes back to: nowhere for a machine's mail (RFC 3834, 3.3).

        A server that wants the mailbox's own password wants its own address here, too.
        """
        if message.is_automatic:
            return ""
        signed = bounce_address(message.sender, message.key)
        is_long = len(signed.rpartition("@")[0]) > _LONGEST_LOCAL
        may_sign = self.plus_addressing and self.bounce_addressing and not self.smtp_host
        return signed if may_sign and not is_long else message.sender

    def backend(self) -> BaseEmailBackend:
        """What this mailbox sends by; not connected yet."""
        if self.outgoing:
            return apis.backend(self.outgoing, self.outgoing_key, self.outgoing_options)
        if not self.smtp_host:
            return get_connection()
        server: dict[str, Any] = {
            "host": self.smtp_host,
            "port": self.smtp_port,
            "use_tls": self.smtp_security == "starttls",
            "use_ssl": self.smtp_security == "ssl",
            "timeout": _PATIENCE,
        }
        if self.signs_in_to_send:
            return smtp.TokenBackend(**server, token_user=self.username, token=self.access_token)
        username = self.smtp_username or self.username
        return EmailBackend(
            **server, username=username, password=self.smtp_password or self.password
        )


def _close(backend: BaseEmailBackend) -> None:
    try:
        backend.close()
    except (smtplib.SMTPException, OSError):
        return  # every mail has its answer by now
