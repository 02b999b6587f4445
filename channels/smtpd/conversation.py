"""One client's SMTP or LMTP conversation (RFC 5321, RFC 2033), on aiosmtpd's state machine.

aiosmtpd knows the commands; ours are DATA, which it would read line by line into lists,
and everything that answers for what becomes of a mail.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, syntax

from channels.smtpd.content import Content

if TYPE_CHECKING:
    import asyncio

    from channels.smtpd.door import Door

_SIZE = re.compile(r"\sSIZE=(\d{1,20})(?:\s|$)", re.IGNORECASE)
#: More than the reader's buffer ever holds: a read empties it, so the rest can be put back.
_CHUNK = 1024 * 1024
_UNLIMITED = 1_000_000
_CALLS = {"MAIL": _UNLIMITED, "RCPT": _UNLIMITED, "DATA": _UNLIMITED, "RSET": _UNLIMITED, "*": 50}


class MailEnvelope(Envelope):
    """From whom and to whom; ``accounts`` has the account of each recipient."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: list[int] = []


class Conversation(SMTP):
    """SMTP with one client."""

    door_name = "smtp"

    def __init__(self, door: Door) -> None:
        super().__init__(
            door,
            data_size_limit=door.limits.mail,
            enable_SMTPUTF8=True,
            hostname=door.hostname,
            ident="Harbour",
            timeout=door.limits.command_seconds,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit=_CALLS,
            loop=door.loop,
        )
        self.door = door
        self.peer = ""
        self.is_busy = False
        self._was_refused = False

    @property
    def mail(self) -> MailEnvelope:
        """The envelope of the mail that is being sent."""
        return cast("MailEnvelope", self.envelope)

    @property
    def client_name(self) -> str:
        return (self.session.host_name if self.session else None) or ""

    def _create_envelope(self) -> MailEnvelope:
        return MailEnvelope()

    def connection_made(self, transport: Any) -> None:
        """Turn away whoever has too many connections, before anything is set up for them."""
        name = transport.get_extra_info("peername")
        self.peer = name[0] if isinstance(name, tuple) else "local"
        if not self.door.enter(self):
            self._was_refused = True
            transport.write(b"421 4.7.0 Too many connections, try again later\r\n")
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._was_refused:
            self.door.leave(self)
            super().connection_lost(error)

    def close(self, farewell: str) -> None:
        """Say why, and hang up."""
        transport = cast("asyncio.WriteTransport | None", self.transport)
        if transport is not None and not transport.is_closing():
            transport.write(farewell.encode() + b"\r\n")
            transport.close()

    def _timeout_cb(self) -> None:
        self.close("421 4.4.2 Waited too long")

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - the name aiosmtpd calls
        """Refuse a declared size in words a mail server understands (RFC 1870, RFC 3463)."""
        size = _SIZE.search(arg or "")
        if size and int(size[1]) > self.door.limits.mail:
            await self.push("552 5.3.4 Message too big for this system")
            return
        await super().smtp_MAIL(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - the name aiosmtpd calls
        if await self.check_helo_needed():
            return
        if not self.mail.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self.is_busy = True
        try:
            answer = await self._take_mail()
        finally:
            self.is_busy = False
        await self._reply(answer)
        self.envelope = self._create_envelope()
        if self.door.is_closing:
            self.close("421 4.3.2 Shutting down, try again later")

    async def _take_mail(self) -> str:
        content = Content(self.door.limits.mail, self.door.budget)
        try:
            await self._read_into(content)
            mail = content.mail()
            return content.refusal or await self.door.store(self, mail)
        finally:
            content.release()

    async def _read_into(self, content: Content) -> None:
        until = self.loop.time() + self.door.limits.data_seconds
        rest = None
        while rest is None:
            left = max(0.001, until - self.loop.time())
            self._reset_timeout(min(left, self.door.limits.silence_seconds))
            chunk = await self._reader.read(_CHUNK)
            if not chunk:
                raise ConnectionResetError("the client hung up in the middle of a mail")
            rest = content.feed(chunk)
        if rest:
            self._reader.feed_data(rest)
        self._reset_timeout()

    async def _reply(self, answer: str) -> None:
        await self.push(answer)


class LocalConversation(Conversation, LMTP):
    """LMTP: after DATA each recipient gets an answer of its own (RFC 2033, 4.2)."""

    door_name = "lmtp"

    async def _reply(self, answer: str) -> None:
        for _recipient in self.mail.rcpt_tos:
            await self.push(answer)
