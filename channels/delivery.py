"""Getting messages out. One row per delivery, and the row says what happens next.

A batch is claimed under a lease and sent over one connection; each mail is settled as
soon as its answer is there. A worker that dies leaves rows whose lease runs out: an
automatic message is then sent again under the same Message-ID, up to ``MAX_BLIND`` times, an
agent's reply that may have been handed over is shown as *unknown* and never sent again blindly.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels import lanes
from channels.base import OutboundFile, OutboundMessage, Outcome, Result, Together
from channels.bounces import note_refusal
from channels.connecting import webhook_of
from channels.copies import tell_of_copies
from channels.mailboxes.oauth import signed_in
from channels.models import Account, Delivery
from channels.refusals import refusal_of_answer
from channels.withdrawal import withdraw
from people.reachability import note_good_sends
from support.faults import fault_point
from tickets.exceptions import TicketError
from tickets.operations.reply import report_sent, report_undeliverable
from tickets.operations.turns import heard_since

logger = logging.getLogger(__name__)

BATCH = 50
#: A customer who hears nothing is worse off than one who gets the same mail twice.
MAX_BLIND = 5
MAX_ATTEMPTS = 40  # with waits of up to an hour: about a day and a half
_TURN = 100.0  # seconds that one batch may take, well inside the lease
_PATIENCE = 3  # failures in a row after which the provider is taken to be away

Status = Delivery.Status


def send_batch() -> int:
    """Claim and send up to ``BATCH`` deliveries. Returns how many were taken up."""
    claimed = _claim()
    fault_point("delivery.claimed")
    by_account: defaultdict[Account, list[Delivery]] = defaultdict(list)
    for delivery in claimed:
        by_account[delivery.account].append(delivery)
    for account, deliveries in by_account.items():
        _send(account, deliveries)
    return len(claimed)


@transaction.atomic
def _claim() -> list[Delivery]:
    due = Delivery.objects.due().filter(account__mode=Account.Mode.LIVE)
    due = lanes.first_in_line(due).order_by("due_at", "pk").select_related("account")
    rows = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
    ready = [delivery for delivery in rows if _is_safe_to_send(delivery)]
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in ready]).update(
        status=Status.SENDING,
        due_at=timezone.now() + Delivery.LEASE,
        attempts=F("attempts") + 1,
    )
    return ready


def _is_safe_to_send(delivery: Delivery) -> bool:
    """False for a row whose worker died after it may have handed the mail over, and for a
    reply that gives way to what the customer wrote first."""
    if delivery.status != Status.SENDING:
        if why := lanes.closed(delivery):
            _give_up(delivery, why)
            return False
        return not _gave_way(delivery)
    may_have_gone = delivery.was_handed_over or (delivery.is_automatic and not delivery.blind_tries)
    tries = delivery.blind_tries + may_have_gone
    if may_have_gone and (not delivery.is_automatic or tries > MAX_BLIND):
        _give_up(delivery, "the sender was stopped before the answer came", unknown=True)
        return False
    delivery.blind_tries = tries
    Delivery.objects.filter(pk=delivery.pk).update(blind_tries=tries, was_handed_over=False)
    return True


def _gave_way(delivery: Delivery) -> bool:
    message = delivery.message if delivery.payload.get("unless_answered") else None
    if message is None or message.withdrawn_at is not None or heard_since(message) is None:
        return message is not None and message.withdrawn_at is not None
    try:
        withdraw(message, actor=None, reason="answered")
    except TicketError:  # another recipient has it already: this one gets it, too
        return False
    return True


def _send(account: Account, deliveries: Sequence[Delivery]) -> None:
    waiting = {delivery.pk: delivery for delivery in deliveries}
    run = _Run(deliveries)
    try:
        for result in signed_in(account).send(run.messages()):
            delivery = waiting.pop(result.key)
            _settle(delivery, result)
            run.note(delivery, result)
    except Exception as error:  # an adapter's bug must not hold up other accounts
        logger.exception("%s could not send", account)
        if (current := waiting.pop(run.current, None)) is not None:
            detail = f"{type(error).__name__}: {error}"
            _settle(current, Result(key=current.pk, outcome=Outcome.LATER, detail=detail))
    for delivery in waiting.values():
        _release(delivery, run)
    note_good_sends(run.taken)


class _Run:
    """The messages of one batch, handed out while the provider keeps answering."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._deliveries = deliveries
        self._until = time.monotonic() + _TURN
        self._failures = 0
        self.taken: list[str] = []
        self.current = 0

    @property
    def is_away(self) -> bool:
        return self._failures >= _PATIENCE

    def messages(self) -> Iterator[OutboundMessage]:
        for delivery in self._deliveries:
            if self.is_away or time.monotonic() > self._until:
                return
            if not delivery.is_automatic or delivery.blind_tries:
                Delivery.objects.filter(pk=delivery.pk).update(was_handed_over=True)
            self.current = delivery.pk
            yield outbound(delivery)

    def note(self, delivery: Delivery, result: Result) -> None:
        if result.outcome is Outcome.SENT:
            self.taken.append(delivery.to)
        self._failures = self._failures + 1 if result.outcome is Outcome.LATER else 0


def outbound(delivery: Delivery) -> OutboundMessage:
    """The row as adapters send it."""
    parts = delivery.payload
    return OutboundMessage(
        key=delivery.pk,
        to=delivery.to,
        external_id=delivery.external_id,
        subject=parts.get("subject", ""),
        text=parts.get("text", ""),
        html=parts.get("html", ""),
        headers=parts.get("headers", {}),
        sender=parts.get("sender", ""),
        from_name=parts.get("from_name", ""),
        reply_to=parts.get("reply_to", ""),
        to_header=parts.get("to_header", ""),
        cc_header=parts.get("cc_header", ""),
        together=Together(**together) if (together := parts.get("together")) else None,
        is_automatic=delivery.is_automatic,
        thread=parts.get("thread", ""),
        in_reply_to=parts.get("in_reply_to", ""),
        is_public=parts.get("is_public", False),
        reports_to=webhook_of(delivery.account) if parts.get("thread") else "",
        files=tuple(OutboundFile(**file) for file in parts.get("files", [])),
    )


def _settle(delivery: Delivery, result: Result) -> None:
    if result.outcome is Outcome.SENT or result.refused:
        tell_of_copies(delivery, result)
    if result.outcome is Outcome.SENT:
        _finish(delivery, result)
    elif result.outcome in (Outcome.LATER, Outcome.SIGN_IN):
        lanes.note_refused(delivery, result)
        _postpone(delivery, result)
    else:
        unknown = result.outcome is Outcome.UNKNOWN
        if unknown and _may_repeat(delivery):
            Delivery.objects.filter(pk=delivery.pk).update(blind_tries=F("blind_tries") + 1)
            _postpone(delivery, result)
        else:
            lanes.note_refused(delivery, result)
            _give_up(delivery, lanes.in_words(result), unknown=unknown)


def _may_repeat(delivery: Delivery) -> bool:
    """Whether a message that may have arrived is sent again: the provider drops the second, or
    nobody wrote it."""
    is_dropped = delivery.account.adapter.capabilities.is_idempotent
    return (delivery.is_automatic or is_dropped) and delivery.blind_tries < MAX_BLIND


@transaction.atomic
def _finish(delivery: Delivery, result: Result) -> None:
    # The lease is the fence: a worker that slept past it finds the row in other hands.
    Delivery.objects.filter(pk=delivery.pk, status=Status.SENDING).update(
        status=Status.SENT, sent_at=timezone.now(), error=""
    )
    lanes.note_sent(delivery, result)
    if delivery.message is not None and not delivery.payload.get("is_copy"):
        report_sent(delivery.message)
    fault_point("delivery.before_settled")


def _postpone(delivery: Delivery, result: Result) -> None:
    attempts = delivery.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        _give_up(delivery, result.detail)
        return
    wait = result.retry_after or min(5 * 2 ** min(attempts, 10), 3600)
    Delivery.objects.filter(pk=delivery.pk, status=Status.SENDING).update(
        status=Status.QUEUED,
        due_at=timezone.now() + timedelta(seconds=wait),
        error=result.detail[:2000],
        was_handed_over=False,
    )


def _release(delivery: Delivery, run: _Run) -> None:
    """Give back a row that was not tried in this turn."""
    wait = timedelta(seconds=15 if run.is_away else 0)
    Delivery.objects.filter(pk=delivery.pk, status=Status.SENDING).update(
        status=Status.QUEUED,
        due_at=timezone.now() + wait,
        attempts=F("attempts") - 1,
        was_handed_over=False,
    )


@transaction.atomic
def _give_up(delivery: Delivery, reason: str, *, unknown: bool = False) -> None:
    status = Status.UNKNOWN if unknown else Status.FAILED
    Delivery.objects.filter(pk=delivery.pk).update(status=status, error=reason[:2000])
    lanes.stop_rest(delivery)
    is_answer = not unknown and "@" in delivery.to
    refusal = refusal_of_answer(reason) if is_answer else None
    if refusal is not None:
        note_refusal(delivery, refusal)
    if delivery.message is not None:
        report_undeliverable(
            delivery.message,
            refusal.kept if refusal else reason,
            is_unknown=unknown,
            address=delivery.to,
            of_copy=bool(delivery.payload.get("is_copy")),
        )


@transaction.atomic
def send_again(delivery_id: int) -> None:
    """An operator or agent decided: try a failed or unknown delivery once more."""
    Delivery.objects.filter(pk=delivery_id, status__in=[Status.FAILED, Status.UNKNOWN]).update(
        status=Status.QUEUED,
        due_at=timezone.now(),
        attempts=0,
        blind_tries=0,
        was_handed_over=False,
        error="",
    )
