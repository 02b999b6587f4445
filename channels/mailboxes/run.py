"""Watches all mailboxes that are fetched, in one process: a thread for each.

What is to be watched, and when, stands in the database; it is looked up every few seconds. Any
number of these processes may run: each mailbox is read by the one that holds its lock.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from dataclasses import dataclass, field

from django.db import Error, connection
from django.db.models import Q
from django.utils import timezone

from channels.adapters.email import Email
from channels.mailboxes import locks
from channels.mailboxes.reader import Memory, Reader
from channels.mailboxes.settings import TOKENS
from channels.models import Account
from support.relay import beat

logger = logging.getLogger(__name__)

HEARTBEAT = "mailboxes"
TEND_SECONDS, BEAT_SECONDS = 2.0, 15.0
#: How long readers may take to end when the process is told to stop.
FAREWELL = 8.0
#: How long a mailbox is left alone after its reader ended, whatever its row says.
_HOLD_OFF = 2.0
_TAKEN = 5.0


@dataclass
class _Plan:
    """When a mailbox may be read, with which settings, and what its readers have learnt."""

    mark: str
    not_before: float = 0.0
    memory: Memory = field(default_factory=Memory)


def run(stop: threading.Event) -> None:
    """Watch until ``stop`` is set. Survives restarts of Postgres and of every mail server."""
    crew = Crew()
    while not stop.is_set():
        try:
            crew.tend()
        except Error as error:
            logger.warning("the mailboxes' locks are lost with the database: %s", error)
            crew.dismiss()
            connection.close()
        except Exception:  # one mailbox's odd row must not end the watch over all others
            logger.exception("looking after the mailboxes failed")
        stop.wait(TEND_SECONDS)
    crew.dismiss()
    crew.say_farewell(FAREWELL)
    connection.close()


class Crew:
    """The readers of this process. Used by one thread, whose database session has the locks."""

    def __init__(self) -> None:
        self._readers: dict[int, Reader] = {}
        self._plans: dict[int, _Plan] = {}
        self._beaten = 0.0

    def tend(self) -> None:
        """End readers that are not wanted any more, and start those that are due."""
        if time.monotonic() - self._beaten > BEAT_SECONDS:
            beat(HEARTBEAT)
            self._beaten = time.monotonic()
        wanted = _wanted()
        for account_id, reader in list(self._readers.items()):
            if not reader.is_alive():
                self._let_go(reader)
            elif wanted.get(account_id, ("", False))[0] != reader.mark:
                reader.stopping.set()
        for account_id, (mark, is_due) in wanted.items():
            self._start_if_due(account_id, mark, is_due=is_due)
        for account_id in set(self._plans) - set(wanted) - set(self._readers):
            del self._plans[account_id]
        if not self._readers:
            connection.close()  # with no lock to hold, no session is needed

    def dismiss(self) -> None:
        """Tell all to end; the locks may be gone."""
        for reader in self._readers.values():
            reader.stopping.set()

    def say_farewell(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for reader in self._readers.values():
            reader.join(max(0.0, end - time.monotonic()))

    def _start_if_due(self, account_id: int, mark: str, *, is_due: bool) -> None:
        if account_id in self._readers:
            return
        plan = self._plans.setdefault(account_id, _Plan(mark))
        is_changed = plan.mark != mark  # then whatever was wrong may be right now
        if not is_changed and (not is_due or time.monotonic() < plan.not_before):
            return
        if not locks.take(account_id):
            plan.not_before = time.monotonic() + _TAKEN
            return
        plan.mark = mark
        self._readers[account_id] = Reader(account_id, mark, plan.memory)
        self._readers[account_id].start()

    def _let_go(self, reader: Reader) -> None:
        locks.release(reader.account_id)
        del self._readers[reader.account_id]
        if plan := self._plans.get(reader.account_id):
            plan.not_before = time.monotonic() + _HOLD_OFF


def _wanted() -> dict[int, tuple[str, bool]]:
    """Every mailbox to fetch from: a mark that changes with its settings, and whether it is due."""
    due = Q(fetch_state=None) | Q(fetch_state__next_try_at__lte=timezone.now())
    ours = Account.objects.filter(kind=Email.kind, is_active=True)
    due_ids = set(ours.filter(due).values_list("pk", flat=True))
    return {
        account.pk: (_mark(account), account.pk in due_ids)
        for account in ours.only("pk", "address", "mode", "settings")
        if account.settings.get("imap_host")
    }


def _mark(account: Account) -> str:
    """Of all settings but the tokens, which renew themselves."""
    lasting = {name: value for name, value in account.settings.items() if name not in TOKENS}
    text = json.dumps([account.address, account.mode, lasting], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
