"""Taking delivery of what comes in: store first, understand later, many at a time.

A batch is claimed under a lease, read without a transaction, and filed in one
transaction. When that fails the batch is halved until the receipt that cannot be filed
stands alone: it never holds up its neighbours, is tried again later, and ends in quarantine.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from channels import agent_mail, bounces, commands, gate, media, watch
from channels.base import Ignored, Suspicious
from channels.hearing import catch_up, hear, note_heard
from channels.models import Account, Receipt
from channels.reading import (
    MAX_ATTEMPTS,
    Reading,
    forget_files,
    own_addresses,
    read,
    without_early,
)
from support.faults import fault_point
from tickets.inbound import InboundMessage
from tickets.models import Attachment
from tickets.operations.intake import file_arrivals

logger = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=2)
#: Attempts in company; a worker that dies while reading takes its whole batch with it.
TOGETHER = 2
_SAVE = """
    update channels_receipt r set status = v.status, error = v.error, message_id = v.message_id,
        processed_at = v.processed_at, due_at = v.due_at
    from unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[],
        %s::timestamptz[]) as v (id, status, error, message_id, processed_at, due_at)
    where r.id = v.id
"""
#: What only suspended and watched receipts have.
_SAVE_HELD = """
    update channels_receipt r set cause = v.cause, sender = v.sender, subject = v.subject,
        plan = v.plan::jsonb
    from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
        as v (id, cause, sender, subject, plan)
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


def process(ids: Sequence[int]) -> None:
    """File the receipts ``ids``, whatever their due time; those already done are left."""
    if not ids:
        return
    own = own_addresses()
    waiting = Receipt.objects.filter(pk__in=ids, status=Receipt.Status.WAITING).order_by("pk")
    taken = [read(receipt, own) for receipt in waiting.select_related("account__inbox")]
    fault_point("receipts.parsed")
    readings = without_early(taken)
    if taken and not readings:
        time.sleep(0.1)  # the other worker is about to be done
    try:
        _file_all(readings)
    except OperationalError:  # a deadlock or a lost connection: each for itself
        for reading in readings:
            _file_all([reading])


@transaction.atomic
def _file_all(readings: Sequence[Reading]) -> None:
    pks = [reading.receipt.pk for reading in readings]
    held = Receipt.objects.filter(pk__in=pks, status=Receipt.Status.WAITING)
    mine = set(held.select_for_update(skip_locked=True).values_list("pk", flat=True))
    taken = [reading for reading in readings if reading.receipt.pk in mine]
    gate.hold_blocked(taken)
    rest = watch.keep_watched(taken)
    _file_together([reading for reading in rest if reading.error is None])
    for reading in rest:
        if reading.error is not None:
            _fail(reading, reading.error)
    _save([reading.receipt for reading in taken])
    fault_point("receipts.before_commit")


def _file_together(readings: Sequence[Reading]) -> None:
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


def _file_messages(readings: Sequence[Reading]) -> None:
    pairs = _tied(readings)
    answers = [agent_mail.file_answer(inbound) for _, inbound in pairs]
    rest = [gate.arrival(*pair) for pair, answer in zip(pairs, answers, strict=True) if not answer]
    filed = iter(file_arrivals(rest) if rest else [])
    messages = [answer or next(filed) for answer in answers]
    told = [inbound for (_, inbound), message in zip(pairs, messages, strict=True) if message]
    bounces.take(told)
    for (reading, inbound), message in zip(pairs, messages, strict=True):
        if message is None or message.receipt_id != reading.receipt.pk:
            transaction.on_commit(partial(forget_files, [inbound]))
    _hear(readings)
    media.fetch_soon(told)
    for reading in readings:  # last: whatever fails above leaves them as they were
        reading.receipt.status, reading.receipt.error = Receipt.Status.FILED, ""
        reading.receipt.processed_at = timezone.now()
    for (reading, inbound), message in zip(pairs, messages, strict=True):
        if message is None:
            _suspend(reading.receipt, gate.over_limit(inbound))
        elif reading.receipt.status != Receipt.Status.SUSPENDED:
            reading.receipt.message = message
            if message.receipt_id != reading.receipt.pk:
                reading.receipt.status = Receipt.Status.DUPLICATE


def _tied(readings: Sequence[Reading]) -> list[tuple[Reading, InboundMessage]]:
    """What is to be filed; reports know by now which delivery of ours they are about."""
    whose = [reading for reading in readings for _ in reading.messages]
    messages = [inbound for reading in readings for inbound in reading.messages]
    return list(zip(whose, bounces.tie(messages), strict=True))


def _hear(readings: Sequence[Reading]) -> None:
    """What platforms tell besides messages, and what had waited for these messages."""
    accounts = {reading.receipt.account for reading in readings if _is_chat(reading)}
    for account in sorted(accounts, key=lambda each: each.pk):
        own = [reading for reading in readings if reading.receipt.account_id == account.pk]
        hear(account, [each for reading in own for each in reading.happenings])
        for question in [each for reading in own for each in reading.questions]:
            commands.answer(account, question)
        catch_up(account, [m.external_id for reading in own for m in reading.messages])
        note_heard(account)


def _is_chat(reading: Reading) -> bool:
    return reading.receipt.meta.get("door") in ("hook", "poll")


def _save(receipts: Sequence[Receipt]) -> None:
    """All their outcomes in one statement; Django's own grows with the square of the rows."""
    rows = [(r.pk, r.status, r.error, r.message_id, r.processed_at, r.due_at) for r in receipts]
    _execute(_SAVE, rows)
    held = [r for r in receipts if r.status in (Receipt.Status.SUSPENDED, Receipt.Status.WATCHED)]
    _execute(_SAVE_HELD, [(r.pk, r.cause, r.sender, r.subject, json.dumps(r.plan)) for r in held])


def _execute(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _fail(reading: Reading, error: Exception) -> None:
    """Decide what becomes of a receipt that was not filed."""
    receipt = reading.receipt
    if isinstance(error, Suspicious):
        _suspend(receipt, error)
        transaction.on_commit(partial(forget_files, reading.messages))
        return
    receipt.error = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")
    if isinstance(error, Ignored):
        receipt.status, receipt.processed_at = Receipt.Status.IGNORED, timezone.now()
        return
    if isinstance(error, ValueError) or receipt.attempts >= MAX_ATTEMPTS:
        receipt.status, receipt.processed_at = Receipt.Status.QUARANTINED, timezone.now()
        logger.error("receipt %s is quarantined: %s", receipt.pk, receipt.error)
        return
    logger.warning("receipt %s failed and is tried again", receipt.pk, exc_info=error)
    receipt.due_at = timezone.now() + timedelta(seconds=2**receipt.attempts)


def _suspend(receipt: Receipt, doubt: Suspicious) -> None:
    """Keep it from the queue until somebody decides; see ``channels.suspended``."""
    receipt.status, receipt.processed_at = Receipt.Status.SUSPENDED, timezone.now()
    receipt.cause, receipt.error, receipt.plan = doubt.cause, str(doubt)[:2000], {}
    receipt.sender, receipt.subject = doubt.sender[:254], doubt.subject[:255]


def complete_attachments(receipt_id: int) -> None:
    """Store the files that storage refused when the mail was filed, or that a platform keeps."""
    receipt = Receipt.objects.select_related("account__inbox").get(pk=receipt_id)
    for inbound in read(receipt, []).messages:
        stored = {file.part: file.key for file in inbound.files if file.key}
        elsewhere = {file.part: file for file in inbound.files if file.source and not file.key}
        of_this = Q(message__receipt_id=receipt_id, message__external_id=inbound.external_id)
        of_mail = Q(message__receipt_id=receipt_id) if not elsewhere else of_this
        for attachment in Attachment.objects.filter(of_mail, key=""):
            if key := stored.pop(attachment.part, ""):
                Attachment.objects.filter(pk=attachment.pk, key="").update(key=key)
            elif attachment.part in elsewhere:
                media.fetch(receipt.account, attachment, elsewhere[attachment.part])
        for key in stored.values():  # those that had been stored before
            default_storage.delete(key)
