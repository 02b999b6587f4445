"""Mailboxes on the tests' Dovecot, and one look into them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from channels.adapters.email import Email
from channels.mailboxes import fetch
from channels.mailboxes.connection import connect, hang_up
from channels.mailboxes.folder import Folder
from channels.models import Account, FetchState, Receipt
from tests.channels.mailboxes.dovecot import PASSWORD, Dovecot
from tests.factories import make_account, raw_mail


def make_mailbox(dovecot: Dovecot, **settings: Any) -> Account:
    values = {
        "imap_host": "127.0.0.1",
        "imap_port": dovecot.port,
        "imap_security": "none",
        "password": PASSWORD,
    }
    mode = settings.pop("mode", Account.Mode.LIVE)
    return make_account(address=dovecot.user, mode=mode, settings=values | settings)


def change(account: Account, **settings: Any) -> None:
    account.settings = account.settings | settings
    account.save()


def open_folder(account: Account) -> Folder:
    settings = account.adapter
    assert isinstance(settings, Email)
    client = connect(settings, user=account.address)
    return Folder(client, settings.folder)


def look(account: Account, *, steps: int = 10_000, tries: Counter[int] | None = None) -> FetchState:
    """One connection: read until nothing is left, or for so many steps."""
    settings = account.adapter
    assert isinstance(settings, Email)
    folder = open_folder(account)
    try:
        reading = fetch.begin(account, settings, folder, Counter() if tries is None else tries)
        while steps and fetch.step(reading):
            steps -= 1
    finally:
        hang_up(folder._client)
    return reading.state


def mails(n: int, *, first: int = 0, **headers: str) -> list[bytes]:
    """Mails that differ; every tenth has no Message-ID."""
    return [
        raw_mail(
            From=f"c{i}@example.org",
            Subject=f"Kettle {i}",
            Message_ID="" if i % 10 == 9 else f"<k{i}@example.org>",
            text=f"Kettle {i} leaks.",
            **headers,
        )
        for i in range(first, first + n)
    ]


def stored() -> list[bytes]:
    return sorted(bytes(body) for body in Receipt.objects.values_list("body", flat=True))


def eventually(holds: Callable[[], object], seconds: float = 20) -> float:
    """How long it took."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - begun
