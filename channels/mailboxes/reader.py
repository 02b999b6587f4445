"""A thread that reads one mailbox for as long as its connection lasts."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import Error, connection
from imapclient import IMAPClient

from channels.adapters.email import Email
from channels.base import ChannelError
from channels.mailboxes import cursor, fetch
from channels.mailboxes.connection import Declined, SignInRefused, Unreachable, connect, hang_up
from channels.mailboxes.folder import Folder
from channels.mailboxes.oauth import access_token, drop_token
from channels.models import Account

logger = logging.getLogger(__name__)

#: How often it is looked for mail although the server told of none. An IDLE is as long, far
#: below the half hour after which servers hang up (RFC 2177, 3), and finds a dead line soon.
LOOK_SECONDS = 60.0
#: While mail is coming, one more look: a server may miss what arrives just as we begin to wait.
SOON = 2.0
#: A server that offers IDLE and refuses it, or hangs up on it, so often is asked instead.
MOST_REFUSALS = 3
#: How many mailboxes are read at the same moment: each costs memory and a database session.
_turns = threading.BoundedSemaphore(8)


@dataclass
class Memory:
    """What is remembered of a mailbox beyond one connection."""

    tries: Counter[int] = field(default_factory=Counter)
    refusals: int = 0


class Reader(threading.Thread):
    """Ends when ``stopping`` is set, or with its connection; says in the database why."""

    def __init__(self, account_id: int, mark: str, memory: Memory) -> None:
        super().__init__(name=f"mailbox-{account_id}", daemon=True)
        self.account_id = account_id
        self.mark = mark
        self.stopping = threading.Event()
        self._memory = memory
        self._opened = 0.0

    def run(self) -> None:
        try:
            self._read()
        except cursor.Overtaken:
            logger.warning("mailbox %s was read by somebody else too", self.account_id)
        except Error as error:
            logger.warning("mailbox %s: no database: %s", self.account_id, error)
        except Account.DoesNotExist:
            logger.info("mailbox %s is gone", self.account_id)
        finally:
            connection.close()

    def _read(self) -> None:
        account = Account.objects.get(pk=self.account_id)
        try:
            self._attend(account)
        except ChannelError as error:
            logger.warning("mailbox %s: %s", account, error)
            cursor.failed(account, error)
        except (Error, cursor.Overtaken):
            raise
        except Exception as error:  # the mailbox is tried again, and its row says what happened
            logger.exception("mailbox %s", account)
            cursor.failed(account, f"{type(error).__name__}: {error}")

    def _attend(self, account: Account) -> None:
        settings = account.adapter
        if not isinstance(settings, Email):
            return
        client = _connect(account, settings)
        self._opened = time.monotonic()
        try:
            folder = Folder(client, settings.folder, read_only=account.mode == Account.Mode.WATCH)
            reading = fetch.begin(account, settings, folder, self._memory.tries)
            is_lively = True
            while not self.stopping.is_set():
                is_lively = self._look(reading) or is_lively
                if not self._wait(folder, SOON if is_lively else LOOK_SECONDS):
                    return
                is_lively = False
        finally:
            hang_up(client)

    def _look(self, reading: fetch.Reading) -> bool:
        """Read until nothing is left, giving others their turn after each step. Was there any?"""
        steps = 0
        while not self.stopping.is_set():
            with _turns:
                try:
                    if not fetch.step(reading):
                        break
                finally:
                    connection.close()
            steps += 1
        return steps > 0

    def _wait(self, folder: Folder, seconds: float) -> bool:
        """False when the line ended after a good while, as servers end them: nothing is wrong."""
        if self._memory.refusals >= MOST_REFUSALS or not folder.has_idle():
            self.stopping.wait(seconds)
            return True
        try:
            folder.idle(seconds, self.stopping)
        except (Declined, Unreachable) as error:
            if isinstance(error, Unreachable) and time.monotonic() - self._opened > LOOK_SECONDS:
                logger.info("mailbox %s: %s", self.account_id, error)
                return False
            self._memory.refusals += 1
            raise Unreachable(str(error)) from error
        if seconds == LOOK_SECONDS:
            self._memory.refusals = 0
        return True


def _connect(account: Account, settings: Email) -> IMAPClient:
    token = access_token(account) if settings.sign_in != "password" else ""
    connection.close()  # the mail server may take its time
    try:
        return connect(settings, user=settings.username or account.address, token=token)
    except SignInRefused:
        if token:
            drop_token(account, token)
        raise
