"""Mails that arrive and are worked off, and work that is done at once by many."""

from __future__ import annotations

import threading
from typing import Any

from django.db import connection

from channels import receipts
from channels.models import Account, Receipt
from tests.factories import make_account
from tests.working import work


def taken(raw: bytes, account: Account | None = None, **meta: Any) -> Receipt:
    """A mail that came in, after it was worked off."""
    account = account or Account.objects.first() or make_account()
    receipt = receipts.accept(account, raw, meta)
    assert receipt is not None
    work()
    receipt.refresh_from_db()
    return receipt


def in_threads(go: Any, count: int) -> list[Exception]:
    barrier, errors = threading.Barrier(count), list[Exception]()

    def one(n: int) -> None:
        barrier.wait()
        try:
            go(n)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
