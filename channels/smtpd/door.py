"""The listener, and what it answers for: who may send, to whom, and when a mail is ours."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import Envelope, Session
from django.conf import settings

from channels.models import Receipt
from channels.smtpd.content import Budget
from channels.smtpd.conversation import Conversation, LocalConversation, MailEnvelope
from channels.smtpd.directory import Directory, NoDatabase
from channels.smtpd.peers import Peers
from channels.smtpd.writer import NotStored, Writer

logger = logging.getLogger(__name__)

MAX_RECIPIENTS = 100
_LATER = "451 4.3.0 Not possible right now, try again later"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much, and how long. The seconds are those that RFC 5321, 4.5.3.2 asks for."""

    mail: int = field(default_factory=lambda: settings.HARBOUR_MAIL_LIMIT)
    memory: int = 128 * 1024 * 1024
    connections: int = field(default_factory=lambda: settings.HARBOUR_SMTP_CONNECTIONS)
    connections_in_all: int = 1000
    mails_a_minute: int = field(default_factory=lambda: settings.HARBOUR_SMTP_RATE)
    command_seconds: float = 300
    silence_seconds: float = 180
    data_seconds: float = 600
    store_seconds: float = 60
    directory_seconds: float = 5
    grace_seconds: float = 3.5


class Door:
    """One listening socket. Make it inside a running event loop, then ``open`` it."""

    def __init__(self, *, limits: Limits | None = None, lmtp: bool = False) -> None:
        self.loop = asyncio.get_running_loop()
        self.limits = limits or Limits()
        self.hostname = settings.HARBOUR_MAIL_DOMAIN
        self.budget = Budget(max(self.limits.memory, 2 * self.limits.mail))
        self.is_closing = False
        self._kind = LocalConversation if lmtp else Conversation
        self._conversations: set[Conversation] = set()
        self._directory = Directory(self.limits.directory_seconds)
        self._peers = Peers(
            connections=self.limits.connections,
            connections_in_all=self.limits.connections_in_all,
            mails_a_minute=self.limits.mails_a_minute,
        )
        self._writer = Writer()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen. Returns the port, which is a free one when asked for port 0."""
        self._server = await self.loop.create_server(
            lambda: self._kind(self), host, port, backlog=512
        )
        sockets: list[socket.socket] = list(self._server.sockets)
        return int(sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Let no one in, let those in the middle of a mail finish it, and end."""
        self.is_closing = True
        if self._server is not None:
            self._server.close()
        until = self.loop.time() + self.limits.grace_seconds
        for conversation in list(self._conversations):
            if not conversation.is_busy:
                conversation.close("421 4.3.2 Shutting down, try again later")
        while self._conversations and self.loop.time() < until:
            await asyncio.sleep(0.02)
        for conversation in list(self._conversations):
            conversation.close("421 4.3.2 Shutting down, try again later")
        await asyncio.to_thread(self._end_threads)

    def _end_threads(self) -> None:
        self._writer.close(1.0)
        self._directory.close()
        self._peers.close()

    def enter(self, conversation: Conversation) -> bool:
        if self.is_closing or not self._peers.admit(conversation.peer):
            return False
        self._conversations.add(conversation)
        return True

    def leave(self, conversation: Conversation) -> None:
        self._conversations.discard(conversation)
        self._peers.leave(conversation.peer)

    async def store(self, conversation: Conversation, mail: bytes) -> str:
        """Commit the mail, once for each account it is for; what to answer."""
        envelope = conversation.mail
        by_account: dict[int, list[str]] = {}
        for address, account_id in zip(envelope.rcpt_tos, envelope.accounts, strict=True):
            by_account.setdefault(account_id, []).append(_plain(address))
        facts = {
            "door": conversation.door_name,
            "mail_from": _plain(envelope.mail_from).strip("<>"),
            "peer": conversation.peer,
            "helo": _plain(conversation.client_name)[:255],
        }
        rows = [
            Receipt(account_id=account_id, body=mail, meta={**facts, "rcpt_tos": addresses})
            for account_id, addresses in by_account.items()
        ]
        try:
            await self._writer.store(rows, timeout=self.limits.store_seconds)
        except NotStored:
            return _LATER
        return f"250 2.0.0 Taken as {', '.join(f'r{row.pk}' for row in rows)}"

    async def handle_EHLO(  # noqa: N802 - the name aiosmtpd calls
        self,
        server: Conversation,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd calls
        self,
        server: Conversation,
        session: Session,
        envelope: MailEnvelope,
        address: str,
        options: Any,
    ) -> str:
        if not await self._peers.may_send(server.peer):
            return "451 4.7.1 Too many mails, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self,
        server: Conversation,
        session: Session,
        envelope: MailEnvelope,
        address: str,
        options: Any,
    ) -> str:
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            account_id = await self._directory.find(_plain(address))
        except NoDatabase:
            return _LATER
        if account_id is None:
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        envelope.accounts.append(account_id)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        logger.error("SMTP conversation failed", exc_info=error)
        return _LATER


def _plain(text: str | None) -> str:
    """Storable as JSON in Postgres: what was no UTF-8 is marked, and no NUL."""
    said = (text or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return said.replace("\x00", "\ufffd")


async def serve(host: str, port: int, stop: asyncio.Event, *, lmtp: bool = False) -> None:
    """Listen until ``stop`` is set."""
    door = Door(lmtp=lmtp)
    port = await door.open(host, port)
    logger.info("mail door open on %s:%d (%s)", host, port, "LMTP" if lmtp else "SMTP")
    await stop.wait()
    await door.close()
