"""Connecting and signing in to a mailbox by IMAP, and saying in words what is wrong."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Callable, Iterator

from django.conf import settings as installation
from django.utils.translation import gettext as _
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from channels.adapters.email import Email
from channels.base import ChannelError
from channels.mailboxes.hosts import may_be_open

CONNECT_SECONDS, ANSWER_SECONDS, GOODBYE_SECONDS = 15.0, 60.0, 2.0
#: Answers to a sign-in that say nothing about the password (RFC 5530, 3).
_LATER = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"}
#: What the library raises over an answer that is no IMAP.
_NONSENSE = (ValueError, LookupError, TypeError, AttributeError)
_CODE = re.compile(r"\[([A-Z-]+)[\] ]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MailboxError(ChannelError):
    """The mailbox cannot be read; says why, in words for the operator."""


class Unreachable(MailboxError):
    """No connection, or it broke off: the same may work soon."""


class SignInRefused(MailboxError):
    """The server does not take the password or token: somebody must look."""


class Misconfigured(MailboxError):
    """It will not work before a setting, or something at the server, is changed."""


class Declined(MailboxError):
    """The server said no to one command; the connection is well."""


def connect(
    settings: Email, *, user: str, token: str = "", patience: float = ANSWER_SECONDS
) -> IMAPClient:
    """A signed-in connection; with ``token`` where one signs in by Google or Microsoft.

    ``patience`` is how many seconds each answer may take.
    """
    secret = settings.password if settings.sign_in == "password" else ""
    if _CONTROL.search(user + secret + settings.folder):
        raise Misconfigured(_("A user name, password or folder holds a line break."))
    client = _open(settings, patience)
    try:
        _sign_in(client, settings, user, token)
        client.normalise_times = False
        _introduce(client)
    except BaseException:
        hang_up(client)
        raise
    return client


def hang_up(client: IMAPClient) -> None:
    """Say goodbye, and let go of the connection, well or not."""
    with contextlib.suppress(IMAPClientError, OSError, *_NONSENSE):
        client.socket().settimeout(GOODBYE_SECONDS)
        client.logout()
    with contextlib.suppress(IMAPClientError, OSError):
        client.shutdown()


@contextlib.contextmanager
def in_words(doing: str) -> Iterator[None]:
    """What goes wrong at the server while ``doing``, as one of the errors above."""
    try:
        yield
    except (IMAPClientAbortError, OSError, EOFError) as error:
        words = _("The connection broke off (%(doing)s): %(said)s")
        raise Unreachable(words % {"doing": doing, "said": said(error)}) from error
    except IMAPClientError as error:
        words = _("The server declined (%(doing)s): %(said)s")
        raise Declined(words % {"doing": doing, "said": said(error)}) from error
    except _NONSENSE as error:
        words = _("The server's answer makes no sense (%(doing)s): %(said)s")
        raise Unreachable(words % {"doing": doing, "said": said(error)}) from error


def said(error: BaseException) -> str:
    """What the server, or the network, said: one line."""
    text = str(error) or type(error).__name__
    if re.fullmatch(r"b'.*'|b\".*\"", text):
        text = text[2:-1]
    return " ".join(text.split())[:200]


def _open(settings: Email, patience: float) -> IMAPClient:
    where = {"host": settings.imap_host, "port": settings.imap_port}
    if settings.imap_security == "none" and not may_be_open(settings.imap_host):
        words = _("No password is sent to %(host)s unencrypted; see HARBOUR_PRIVATE_HOSTS.")
        raise Misconfigured(words % where)
    try:
        return _encrypted(settings, patience)
    except (OSError, IMAPClientError, *_NONSENSE) as error:
        raise _no_connection(error, where) from error


def _no_connection(error: Exception, where: dict[str, object]) -> MailboxError:
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _("The certificate of %(host)s is not trusted: %(why)s.")
        return Misconfigured(words % {**where, "why": error.verify_message})
    if isinstance(error, ssl.SSLError):
        words = _("%(host)s does not speak TLS on port %(port)s: is it the port for STARTTLS?")
        return Misconfigured(words % where)
    if isinstance(error, socket.gaierror):
        return Unreachable(_("The name %(host)s is not known: is it spelt right?") % where)
    if isinstance(error, ConnectionRefusedError):
        words = _("%(host)s takes no connection on port %(port)s: is the port right?")
        return Unreachable(words % where)
    if isinstance(error, TimeoutError):
        return Unreachable(_("%(host)s does not answer on port %(port)s.") % where)
    if isinstance(error, OSError):
        words = _("%(host)s cannot be reached on port %(port)s: %(said)s")
    else:
        words = _("%(host)s does not greet as an IMAP server on port %(port)s: %(said)s")
    return Unreachable(words % {**where, "said": said(error)})


def _encrypted(settings: Email, patience: float) -> IMAPClient:
    client = IMAPClient(
        settings.imap_host,
        settings.imap_port,
        ssl=settings.imap_security == "ssl",
        ssl_context=ssl.create_default_context() if settings.imap_security == "ssl" else None,
        timeout=SocketTimeout(min(CONNECT_SECONDS, patience), patience),
    )
    client._imap.read = _bounded(client._imap.read)
    client._imap.debug = 0  # else every mail is written out once more, for a log nobody reads
    if settings.imap_security == "starttls":
        try:
            _start_tls(client, settings)
        except BaseException:
            hang_up(client)
            raise
    return client


def _bounded(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """A server announces how long a text will be: no more than we want is read into memory."""

    def bounded(size: int) -> bytes:
        if size > 2 * installation.HARBOUR_MAIL_LIMIT:
            raise IMAPClientAbortError(f"it wants to say {size} bytes at once")
        return read(size)

    return bounded


def _start_tls(client: IMAPClient, settings: Email) -> None:
    if not client.has_capability("STARTTLS"):
        where = {"host": settings.imap_host, "port": settings.imap_port}
        raise Misconfigured(_("%(host)s offers no STARTTLS on port %(port)s.") % where)
    client.starttls(ssl.create_default_context())


def _sign_in(client: IMAPClient, settings: Email, user: str, token: str) -> None:
    try:
        if settings.sign_in == "password":
            _by_password(client, user, settings.password)
        else:
            _by_token(client, user, token)
    except UnicodeError as error:
        words = _("The server takes no user name or password with other than ASCII letters.")
        raise Misconfigured(words) from error
    except (IMAPClientAbortError, OSError) as error:
        raise Unreachable(_("The connection broke off while signing in.")) from error
    except IMAPClientError as error:
        raise _refusal(error, user) from error


def _by_password(client: IMAPClient, user: str, password: str) -> None:
    if client.has_capability("AUTH=PLAIN"):
        client.plain_login(user, password)
        return
    if client.has_capability("LOGINDISABLED"):
        raise Misconfigured(_("The server takes no password on this connection."))
    escaped = user.replace("\\", "\\\\").replace('"', '\\"')
    client.login(f'"{escaped}"', password)  # the library quotes the password only


def _by_token(client: IMAPClient, user: str, token: str) -> None:
    if not client.has_capability("AUTH=XOAUTH2"):
        raise Misconfigured(_("The server takes no sign-in by Google or Microsoft."))
    answers = iter([f"user={user}\x01auth=Bearer {token}\x01\x01"])
    # A second challenge holds the reason of a refusal and wants an empty answer.
    client.sasl_login("XOAUTH2", lambda _challenge: next(answers, ""))


def _refusal(error: IMAPClientError, user: str) -> MailboxError:
    """A sign-in that failed: for good, for now, or because the connection was lost in it."""
    if isinstance(error, LoginError) and isinstance(error.__context__, IMAPClientAbortError):
        return Unreachable(_("The connection broke off while signing in."))
    code = _CODE.search(str(error))
    if code and code[1] in _LATER:
        words = _("The server lets nobody sign in now: %(said)s")
        return Unreachable(words % {"said": said(error)})
    words = _("The server does not let %(user)s sign in: %(said)s")
    return SignInRefused(words % {"user": user, "said": said(error)})


def _introduce(client: IMAPClient) -> None:
    """Say who we are (RFC 2971): 163.com and its kind refuse programs that do not."""
    with contextlib.suppress(Declined), in_words(_("saying who we are")):
        if client.has_capability("ID"):
            client.id_({"name": "Harbour", "vendor": "Harbour"})
