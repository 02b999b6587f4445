"""Taking delivery of what comes in: store first, understand later, many at a time.

A batch is claimed under a lease, read without a transaction, and filed in one
transaction. When that fails the batch is halved until the receipt that cannot be filed
stands alone: it never holds up its neighbours, is tried again later, and ends in quarantine.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from channels.base import Ignored, RawCall, Unreadable
from channels.models import Account, Receipt
from people.operations import Address, mark_undeliverable
from support.faults import fault_point
from tickets.inbound import InboundMessage
from tickets.models import Attachment, Message
from tickets.operations.continuation import Arrival, known_ids
from tickets.operations.intake import receive_messages
from tickets.operations.reply import report_undeliverable

logger = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 5
#: Attempts in company; a worker that dies while reading takes its whole batch with it.
TOGETHER = 2
#: How long an answer waits for an older mail that is being filed.
MOST_EARLY = timedelta(minutes=1)
_SAVE = """
    update channels_receipt r set status = v.status, error = v.error, message_id = v.message_id,
        processed_at = v.processed_at, due_at = v.due_at
    from unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[],
        %s::timestamptz[]) as v (id, status, error, message_id, processed_at, due_at)
    where r.id = v.id
"""


def accept(
    account: Account, body: bytes, meta: Mapping[str, Any], *, provider_key: str | None = None
) -> Receipt | None:
    """Store what came in. None when a call with this ``provider_key`` was stored before."""
    try:
        with transaction.atomic():
            return Receipt.objects.create(
                account=account, body=body, meta=dict(meta), provider_key=provider_key
            )
    except IntegrityError:
        return None


def file_batch() -> int:
    """Claim and file up to ``BATCH`` receipts. Returns how many were taken up."""
    ids = _claim()
    fault_point("receipts.claimed")
    process(ids)
    return len(ids)


@transaction.atomic
def _claim() -> list[int]:
    due = Receipt.objects.due().order_by("due_at", "pk").select_for_update(skip_locked=True)
    rows = list(due.values_list("pk", "attempts")[:BATCH])
    # Workers died of one of a batch, again and again: from then on each is read alone.
    ids = [pk for pk, attempts in rows if attempts < TOGETHER] or [pk for pk, _ in rows[:1]]
    Receipt.objects.filter(pk__in=ids).update(
        due_at=timezone.now() + LEASE, attempts=F("attempts") + 1
    )
    return ids


@dataclass
class _Reading:
    """One receipt on its way: what it says, or why it says nothing."""

    receipt: Receipt
    messages: list[InboundMessage] = field(default_factory=list)
    error: Exception | None = None


def process(ids: Sequence[int]) -> None:
    """File the receipts ``ids``, whatever their due time; those already done are left."""
    if not ids:
        return
    own = list(Account.objects.exclude(address="").values_list("address", flat=True))
    waiting = Receipt.objects.filter(pk__in=ids, status=Receipt.Status.WAITING).order_by("pk")
    read = [_read(receipt, own) for receipt in waiting.select_related("account__inbox")]
    fault_point("receipts.parsed")
    readings = _without_early(read)
    if read and not readings:
        time.sleep(0.1)  # the other worker is about to be done
    try:
        _file_all(readings)
    except OperationalError:  # a deadlock or a lost connection: each for itself
        for reading in readings:
            _file_all([reading])


def _without_early(readings: Sequence[_Reading]) -> list[_Reading]:
    """Put back answers to mails that another worker may have in hand at this moment.

    Filed before the mail it answers, an answer would open a ticket of its own.
    """
    answers = [reading for reading in readings if _answers(reading)]
    since = timezone.now() - MOST_EARLY
    in_hand = Receipt.objects.filter(
        status=Receipt.Status.WAITING, attempts=1, due_at__gt=timezone.now(), received_at__gt=since
    ).exclude(pk__in=[reading.receipt.pk for reading in readings])
    oldest = min(in_hand.values_list("pk", flat=True), default=0) if answers else 0
    if not oldest:
        return list(readings)
    arrivals = [Arrival(r.receipt.account.inbox, m) for r in answers for m in _answers(r)]
    known = {external_id for _, external_id in known_ids(arrivals)}
    kept = []
    for reading in readings:
        homeless = any(known.isdisjoint(m.references) for m in _answers(reading))
        if homeless and reading.receipt.pk > oldest and reading.receipt.received_at > since:
            _put_back(reading)
            continue
        known |= {inbound.external_id for inbound in reading.messages}
        kept.append(reading)
    return kept


def _answers(reading: _Reading) -> list[InboundMessage]:
    """Those that only the id of another mail can lead to their ticket."""
    return [each for each in reading.messages if each.references and each.ticket_id is None]


def _put_back(reading: _Reading) -> None:
    """As if it had not been taken up."""
    Receipt.objects.filter(pk=reading.receipt.pk, status=Receipt.Status.WAITING).update(
        due_at=timezone.now(), attempts=F("attempts") - 1
    )
    for inbound in reading.messages:
        _forget_files(inbound)


def _read(receipt: Receipt, own: list[str]) -> _Reading:
    reading = _Reading(receipt)
    if receipt.attempts > MAX_ATTEMPTS:
        reading.error = Unreadable(f"a worker died {MAX_ATTEMPTS} times while reading it")
        return reading
    meta = {**receipt.meta, "own_addresses": own}
    call = RawCall(body=bytes(receipt.body), meta=meta, receipt_id=receipt.pk)
    try:
        things = list(receipt.account.adapter.parse(call))
        reading.messages = [each for each in things if isinstance(each, InboundMessage)]
    except Exception as error:  # noqa: BLE001 - what one mail does to us must not stop the rest
        reading.error = error
    return reading


@transaction.atomic
def _file_all(readings: Sequence[_Reading]) -> None:
    pks = [reading.receipt.pk for reading in readings]
    held = Receipt.objects.filter(pk__in=pks, status=Receipt.Status.WAITING)
    mine = set(held.select_for_update(skip_locked=True).values_list("pk", flat=True))
    taken = [reading for reading in readings if reading.receipt.pk in mine]
    _file_together([reading for reading in taken if reading.error is None])
    for reading in taken:
        if reading.error is not None:
            _fail(reading.receipt, reading.error)
    _save([reading.receipt for reading in taken])
    fault_point("receipts.before_commit")


def _file_together(readings: Sequence[_Reading]) -> None:
    """File these, or all of them that can be: halves until what fails stands alone."""
    if not readings:
        return
    try:
        with transaction.atomic():
            _file_messages(readings)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - one poison row must not stop the batch
        if len(readings) == 1:
            readings[0].error = error
            return
        middle = len(readings) // 2
        _file_together(readings[:middle])
        _file_together(readings[middle:])


def _file_messages(readings: Sequence[_Reading]) -> None:
    pairs = [(reading.receipt, inbound) for reading in readings for inbound in reading.messages]
    arrivals = [Arrival(receipt.account.inbox, inbound) for receipt, inbound in pairs]
    messages = receive_messages(arrivals) if arrivals else []
    for (receipt, inbound), message in zip(pairs, messages, strict=True):
        _note_bounce(message, inbound)
        if message.receipt_id != receipt.pk:
            transaction.on_commit(partial(_forget_files, inbound))
    for reading in readings:  # last: whatever fails above leaves them as they were
        reading.receipt.status, reading.receipt.error = Receipt.Status.FILED, ""
        reading.receipt.processed_at = timezone.now()
    for (receipt, _), message in zip(pairs, messages, strict=True):
        receipt.message = message
        if message.receipt_id != receipt.pk:
            receipt.status = Receipt.Status.DUPLICATE


def _save(receipts: Sequence[Receipt]) -> None:
    """All their outcomes in one statement; Django's own grows with the square of the rows."""
    columns = zip(
        *((r.pk, r.status, r.error, r.message_id, r.processed_at, r.due_at) for r in receipts),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [list(column) for column in columns] or [[]] * 6)


def _fail(receipt: Receipt, error: Exception) -> None:
    """Decide what becomes of a receipt that was not filed."""
    receipt.error = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")
    if isinstance(error, Ignored):
        receipt.status, receipt.processed_at = Receipt.Status.IGNORED, timezone.now()
        return
    if isinstance(error, Unreadable | ValueError) or receipt.attempts >= MAX_ATTEMPTS:
        receipt.status, receipt.processed_at = Receipt.Status.QUARANTINED, timezone.now()
        logger.error("receipt %s is quarantined: %s", receipt.pk, receipt.error)
        return
    logger.warning("receipt %s failed and is tried again", receipt.pk, exc_info=error)
    receipt.due_at = timezone.now() + timedelta(seconds=2**receipt.attempts)


def _forget_files(inbound: InboundMessage) -> None:
    """A repeated mail's files were stored again: drop the second copies."""
    for file in inbound.files:
        if file.key:
            default_storage.delete(file.key)


def _note_bounce(message: Message, inbound: InboundMessage) -> None:
    """A permanent failure of a mail of ours: stop writing there, and tell the agents."""
    failed, status = inbound.meta.get("failed_recipient"), inbound.meta.get("failed_status", "")
    original = inbound.meta.get("original_id", "")
    if not failed or not status.startswith("5") or inbound.ticket_id is None:
        return
    mark_undeliverable(Address.email(failed))
    sent = Message.objects.filter(
        external_id=original, ticket_id=message.ticket_id, direction=Message.Direction.OUTBOUND
    ).first()
    if sent is not None:
        report_undeliverable(sent, f"{failed}: {status}")


def unstored_mails() -> list[int]:
    """Receipts of messages whose attachments are still to be stored."""
    missing = Message.objects.filter(attachments__key="").exclude(receipt_id=None)
    ids = missing.values_list("receipt_id", flat=True).distinct()[:BATCH]
    return [receipt_id for receipt_id in ids if receipt_id is not None]


def complete_attachments(receipt_id: int) -> None:
    """Store the files that storage refused when the mail was filed."""
    receipt = Receipt.objects.select_related("account__inbox").get(pk=receipt_id)
    for inbound in _read(receipt, []).messages:
        stored = {file.part: file.key for file in inbound.files if file.key}
        for attachment in Attachment.objects.filter(message__receipt_id=receipt_id, key=""):
            if key := stored.pop(attachment.part, ""):
                Attachment.objects.filter(pk=attachment.pk, key="").update(key=key)
        for key in stored.values():  # those that had been stored before
            default_storage.delete(key)
