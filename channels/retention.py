"""Raw mail is deleted once its inbox has kept it long enough; what became of it stays."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from channels.models import Account, Receipt
from tickets.models import Attachment

BATCH = 200
_DONE = (
    Receipt.Status.FILED,
    Receipt.Status.DUPLICATE,
    Receipt.Status.IGNORED,
    Receipt.Status.DISCARDED,
)


def forget_batch() -> int:
    """Empty up to ``BATCH`` bodies of each account; how many in all."""
    accounts = Account.objects.select_related("inbox").order_by("pk")
    return sum(_forget(account) for account in accounts)


def _forget(account: Account) -> int:
    old = _expired(account, account.inbox.keep_raw_for).order_by("received_at")
    ids = list(old.values_list("pk", flat=True)[:BATCH])
    return Receipt.objects.filter(pk__in=ids).update(body=b"") if ids else 0


def _expired(account: Account, kept_for: timedelta) -> QuerySet[Receipt]:
    """Never what somebody must still decide about, nor what files are still to be taken from."""
    done = Q(status__in=_DONE)
    if account.mode == Account.Mode.LIVE:  # nobody looks at what it watched any more
        done |= Q(status=Receipt.Status.WATCHED)
    rows = Receipt.objects.filter(done, account=account)
    unstored = Attachment.objects.filter(key="", message__receipt_id__gt=0)
    old = rows.filter(received_at__lt=timezone.now() - kept_for).exclude(body=b"")
    return old.exclude(pk__in=unstored.values("message__receipt_id"))
