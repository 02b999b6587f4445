"""Channels that are asked instead of calling us: what is new is stored, then understood later.

The cursor moves in the transaction that stores what was found, and only from where it was read:
two processes that ask at once store everything once.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels import chat
from channels.base import Adapter, ChannelError, Polled
from channels.models import Account, Receipt
from support import http

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=60)
_LONGEST = 255


def poll_due() -> int:
    """Ask for every account whose turn it is; how many receipts were stored."""
    accounts = Account.objects.filter(is_active=True, needs_sign_in=False)
    asked = [account for account in accounts if _is_asked(account) and _claim(account)]
    return sum(_poll(account) for account in asked)


def _is_asked(account: Account) -> bool:
    return chat.is_chat(account.kind) and type(account.adapter).poll is not Adapter.poll


def _claim(account: Account) -> bool:
    now = timezone.now()
    due = Q(polled_at=None) | Q(polled_at__lt=now - EVERY)
    return bool(Account.objects.filter(due, pk=account.pk).update(polled_at=now))


def _poll(account: Account) -> int:
    try:
        polled = account.adapter.poll(account.poll_cursor)
    except (http.Unreachable, http.Refused, ChannelError, ValueError, KeyError, TypeError) as error:
        logger.warning("%s cannot be asked: %s", account, type(error).__name__)
        Account.objects.filter(pk=account.pk).update(
            error=f"{type(error).__name__}: {error}"[:300], error_at=timezone.now()
        )
        return 0
    return _store(account, polled) if polled is not None else 0


@transaction.atomic
def _store(account: Account, polled: Polled) -> int:
    if len(polled.cursor) > _LONGEST:
        raise ValueError(f"the cursor of {account} is longer than {_LONGEST} characters")
    mine = Account.objects.filter(pk=account.pk, poll_cursor=account.poll_cursor)
    if not mine.update(poll_cursor=polled.cursor, error="", error_at=None):
        return 0
    Receipt.objects.bulk_create(
        Receipt(account=account, body=body, meta={"door": "poll"}) for body in polled.bodies
    )
    return len(polled.bodies)
