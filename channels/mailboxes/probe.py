"""Trying a mailbox out, step by step, and saying in words what is wrong and what helps."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.adapters.email import Email
from channels.mailboxes import presets
from channels.mailboxes.connection import MailboxError, SignInRefused, connect, hang_up, said
from channels.mailboxes.folder import Folder
from channels.mailboxes.oauth import NeedsSignIn, NoToken, access_token
from channels.mailboxes.settings import secrets
from channels.models import Account
from channels.sending import smtp

_PATIENCE = 10  # seconds for each step


@dataclass(frozen=True)
class Finding:
    """One step and what came of it. ``is_well`` is None for what could not be tried."""

    step: str
    words: str
    is_well: bool | None = True
    hint: str = ""


def probe(account: Account) -> list[Finding]:
    """Sign in, look at the folder, greet the outgoing server. Sends and changes nothing."""
    settings = account.adapter
    if not isinstance(settings, Email):
        return [Finding(_("Mailbox"), _("This account is no mailbox."), is_well=None)]
    settings = replace(settings, username=settings.username or account.address)
    found = [*_all_of(account, settings)]
    return [replace(each, words=_without_secrets(each.words, settings)) for each in found]


def is_well(findings: list[Finding]) -> bool:
    return all(finding.is_well is not False for finding in findings)


def _all_of(account: Account, settings: Email) -> Iterator[Finding]:
    if settings.sign_in != "password" and (settings.imap_host or settings.signs_in_to_send):
        try:
            settings = replace(settings, access_token=access_token(account))
        except NoToken as error:
            yield _no_token(error)
            return
    yield from _fetching(settings)
    yield from _sending(settings, account.address)
    yield _plus_addressing(settings, account.address)


def _no_token(error: NoToken) -> Finding:
    hint = ""
    if isinstance(error, NeedsSignIn):
        hint = _("Open the mailbox in the console and sign in at the provider.")
    return Finding(_("Signing in"), str(error), is_well=False, hint=hint)


def _fetching(settings: Email) -> Iterator[Finding]:
    step = _("Incoming mail")
    if not settings.imap_host:
        words = _("Nothing is fetched: mail is handed to us by the mail door or a webhook.")
        yield Finding(step, words, is_well=None)
        return
    try:
        client = connect(
            settings, user=settings.username, token=settings.access_token, patience=_PATIENCE
        )
    except MailboxError as error:
        yield Finding(step, str(error), is_well=False, hint=_hint(settings, error))
        return
    try:
        where = {"host": settings.imap_host, "user": settings.username}
        yield Finding(step, _("Signed in to %(host)s as %(user)s.") % where)
        folder = Folder(client, settings.folder, read_only=True)
        count = len(folder.uids(1))
        words = ngettext(
            "The folder %(folder)s holds %(count)s mail.",
            "The folder %(folder)s holds %(count)s mails.",
            count,
        )
        yield Finding(_("Folder"), words % {"folder": settings.folder, "count": count})
    except MailboxError as error:
        yield Finding(_("Folder"), str(error), is_well=False)
    finally:
        hang_up(client)


def _hint(settings: Email, error: MailboxError) -> str:
    if not isinstance(error, SignInRefused):
        return ""
    if settings.sign_in != "password":
        return _("Is this the account that was signed in with, and may it use IMAP?")
    preset = presets.of_host(settings.imap_host)
    if preset and preset.refusal:
        return str(preset.refusal)
    return _("Many providers want a password made for mail programs: an application password.")


def _sending(settings: Email, address: str) -> Iterator[Finding]:
    step = _("Outgoing mail")
    backend = settings.backend()
    if not isinstance(backend, EmailBackend):
        words = _("Mail leaves by a provider's API; only a mail that is sent can prove it.")
        yield Finding(step, words, is_well=None)
        return
    backend.timeout = _PATIENCE
    where = {"host": backend.host, "port": backend.port}
    try:
        server = smtp.connected(backend)
        code, answer = server.noop()
        if code != 250:
            raise smtplib.SMTPResponseException(code, answer)
        yield Finding(step, _("%(host)s lets us send on port %(port)s.") % where)
        yield _sender(server, address)
    except (smtplib.SMTPException, OSError) as error:
        hint = _smtp_hint(settings, error)
        yield Finding(step, _smtp_words(error, where), is_well=False, hint=hint)
    finally:
        smtp.drop(backend)


def _sender(server: smtplib.SMTP, address: str) -> Finding:
    """Whether the server takes mail from this address; the mail is given up before it begins."""
    code, answer = server.mail(address)
    server.rset()
    if code == 250:
        return Finding(_("Sender"), _("It takes mail from %(address)s.") % {"address": address})
    text = {"address": address, "said": f"{code} {_text(answer)}"}
    return Finding(
        _("Sender"),
        _("It takes no mail from %(address)s: %(said)s") % text,
        is_well=False,
        hint=_("Sign in as the mailbox itself, or have its owner allow this address."),
    )


def _smtp_hint(settings: Email, error: Exception) -> str:
    if not isinstance(error, smtplib.SMTPAuthenticationError) or settings.smtp_password:
        return ""
    preset = presets.of_host(settings.imap_host)
    if settings.sign_in == "microsoft":
        return _("At Microsoft, authenticated SMTP must be switched on for the mailbox.")
    if preset and preset.refusal:
        return str(preset.refusal)
    return _("Many providers want a password made for mail programs: an application password.")


def _smtp_words(error: Exception, where: dict[str, object]) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        words = _("%(host)s refuses the user name or password: %(said)s")
        return words % {**where, "said": f"{error.smtp_code} {_text(error.smtp_error)}"}
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _("%(host)s offers no STARTTLS, or no sign-in, on port %(port)s.") % where
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _("The certificate of %(host)s is not trusted: %(why)s.")
        return words % {**where, "why": error.verify_message}
    if isinstance(error, ssl.SSLError):
        words = _("%(host)s does not speak TLS on port %(port)s: is it the port for STARTTLS?")
        return words % where
    if isinstance(error, socket.gaierror):
        return _("The name %(host)s is not known: is it spelt right?") % where
    if isinstance(error, ConnectionRefusedError):
        return _("%(host)s takes no connection on port %(port)s: is the port right?") % where
    if isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected):
        return _("%(host)s does not answer on port %(port)s.") % where
    if isinstance(error, smtplib.SMTPResponseException):
        said_by_server = f"{error.smtp_code} {_text(error.smtp_error)}"
        return _("%(host)s declines: %(said)s") % {**where, "said": said_by_server}
    words = _("%(host)s cannot be reached on port %(port)s: %(said)s")
    return words % {**where, "said": said(error)}


def _plus_addressing(settings: Email, address: str) -> Finding:
    local, _at, domain = address.partition("@")
    step = _("Plus-addresses")
    if not settings.plus_addressing:
        words = _("Not used: an answer is matched by the message that it refers to.")
        return Finding(step, words, is_well=None)
    words = _("Answers go to addresses like %(example)s.") % {"example": f"{local}+t1@{domain}"}
    hint = _("Send a mail to one; if it does not arrive, switch plus-addresses off.")
    return Finding(step, words, is_well=None, hint=hint)


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:200]


def _without_secrets(words: str, settings: Email) -> str:
    """A server may repeat what it was told; the page must not."""
    for name in secrets():
        secret = str(getattr(settings, name))
        if len(secret) > 3:
            words = words.replace(secret, "…")
    return words
