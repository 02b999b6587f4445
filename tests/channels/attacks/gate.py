"""How the attacks reach us: raw mail at the door, then all work that is due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from channels import receipts
from channels.models import Account, Receipt
from channels.receipts import accept
from support import outbox
from tests.factories import raw_mail

OURS = "mx.example.com"
FAILED = f"{OURS}; dmarc=none"


def file(account: Account, mails: Iterable[bytes], **meta: Any) -> None:
    """Take these mails in and file them, and react to what that brings; nothing is sent."""
    for mail in mails:
        accept(account, mail, meta)
    while receipts.file_batch() or outbox.drain_batch():
        pass


def outcomes() -> dict[str, int]:
    """How many receipts came to each end."""
    found: dict[str, int] = {}
    for status in Receipt.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def mail_of(sender: str, **headers: str) -> bytes:
    return raw_mail(From=sender, **headers)
