"""Which mails of a folder are stored already, told without fetching them.

Asked only where that is likely: after the server numbered its mails anew, and in an import. A
Message-ID alone proves nothing, since anybody can write one: the size must be the same too.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import F, Func, IntegerField

from channels.mailboxes.folder import Facts
from channels.models import Account, Receipt
from tickets.models import Message

_Size = tuple[str, int]
_UNFILED = [
    Receipt.Status.WAITING,
    Receipt.Status.SUSPENDED,
    Receipt.Status.WATCHED,
    Receipt.Status.QUARANTINED,
]


def already_stored(account: Account, mails: Mapping[int, Facts]) -> set[int]:
    """The UIDs of those that we have, filed or not."""
    ids = {facts.message_id for facts in mails.values() if facts.message_id}
    if not ids:
        return set()
    stored = _filed(account, ids) | _unfiled(account, ids)
    return {
        uid
        for uid, facts in mails.items()
        if {(facts.message_id, facts.size), (facts.message_id, 0)} & stored
    }


def _filed(account: Account, ids: set[str]) -> set[_Size]:
    """With the size of the raw mail; 0 where that was thrown away since."""
    messages = Message.objects.filter(inbox_id=account.inbox_id, external_id__in=ids)
    receipts = dict(messages.values_list("external_id", "receipt_id"))
    sizes = dict(
        Receipt.objects.filter(pk__in=[pk for pk in receipts.values() if pk])
        .annotate(size=_size())
        .values_list("pk", "size")
    )
    return {(external_id, sizes.get(pk or 0, 0)) for external_id, pk in receipts.items()}


def _unfiled(account: Account, ids: set[str]) -> set[_Size]:
    found: set[_Size] = set()
    for status in _UNFILED:  # one by one: each has an index of its own
        waiting = Receipt.objects.filter(
            account=account, status=status, meta__message_id__in=list(ids)
        )
        found.update(waiting.values_list("meta__message_id", "meta__size"))
    return found


def _size() -> Func:
    return Func(F("body"), function="octet_length", output_field=IntegerField())
