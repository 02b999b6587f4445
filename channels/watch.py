"""Mailboxes that only watch: what would be filed and sent is written down, and nothing is done.

``plan`` of a watched receipt says it: ``outcome`` (opens, continues, repeats or suspended),
``ticket`` by number, ``is_known``, ``category``, and ``acknowledgement``: to whom in which
language, or the ``rule`` that keeps it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from channels.automatic import Notice, rule_against
from channels.base import Suspicious
from channels.caps import History
from channels.models import Account, AutomaticMail, Receipt
from channels.reading import Reading, forget_files
from people.models import Identity, User
from support.events import DomainEvent, publish
from support.language import supported
from tickets.inbound import InboundMessage
from tickets.models import Ticket
from tickets.operations.continuation import Arrival
from tickets.operations.forecast import Forecast, foresee

BATCH = 500
#: How far back an earlier watched mail is looked for that a mail answers.
_EARLIER = 2000
_DAY = timedelta(hours=24)
_ACKNOWLEDGEMENT = AutomaticMail.Kind.ACKNOWLEDGEMENT


@dataclass(frozen=True, kw_only=True)
class MailboxModeChanged(DomainEvent):
    """``mode`` is ``live`` or ``watch``; ``files_waiting``: what was watched is filed now."""

    kind = "mailbox.mode_changed"
    account_id: int
    mode: str
    files_waiting: bool = False
    acknowledges: bool = False

    @property
    def topic(self) -> str:
        return f"account:{self.account_id}"


@transaction.atomic
def begin(account: Account, *, actor: User | None) -> None:
    """From now on only watch. What is on its way out waits until the mailbox is live again."""
    _set_mode(account, Account.Mode.WATCH, actor)


def go_live(
    account: Account, *, file_waiting: bool, acknowledge: bool = False, actor: User | None
) -> None:
    """Switch the mailbox on; what was watched so far is filed now, or left as it is."""
    with transaction.atomic():
        _set_mode(
            account,
            Account.Mode.LIVE,
            actor,
            files_waiting=file_waiting,
            acknowledges=acknowledge,
        )
    while file_waiting and _file_some(account, acknowledge=acknowledge):
        pass


def _set_mode(account: Account, mode: Account.Mode, actor: User | None, **facts: bool) -> None:
    held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    account.mode = mode
    if held.mode != mode:
        Account.objects.filter(pk=account.pk).update(mode=mode)
        actor_id = actor.pk if actor else None
        publish(MailboxModeChanged(account_id=account.pk, mode=mode, actor_id=actor_id, **facts))


@transaction.atomic
def _file_some(account: Account, *, acknowledge: bool) -> int:
    """Put the oldest watched receipts among those to be filed; how many there were."""
    watched = Receipt.objects.filter(account=account, status=Receipt.Status.WATCHED)
    ids = list(watched.order_by("pk").select_for_update().values_list("pk", flat=True)[:BATCH])
    return Receipt.objects.filter(pk__in=ids).update(
        status=Receipt.Status.WAITING,
        plan={"acknowledge": acknowledge},
        due_at=timezone.now(),
        attempts=0,
        processed_at=None,
    )


def watched(account: Account, limit: int = 50, before: int = 0) -> list[Receipt]:
    """What the mailbox saw, the newest first; ``before`` is the last id of the page above."""
    rows = Receipt.objects.filter(account=account, status=Receipt.Status.WATCHED).defer("body")
    return list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[:limit])


def keep_watched(readings: Sequence[Reading]) -> list[Reading]:
    """Write plans for the receipts of watching mailboxes; the others are left to be filed.

    The account's row is locked: once a mailbox is live, nothing more is only watched.
    """
    candidates = [reading for reading in readings if _is_watched(reading)]
    if not candidates:
        return list(readings)
    asked = Account.objects.filter(pk__in={each.receipt.account_id for each in candidates})
    watching = set(
        asked.filter(mode=Account.Mode.WATCH)
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", flat=True)
    )
    mine = [each for each in candidates if each.receipt.account_id in watching]
    for account_id in sorted(watching):
        _write_plans([each for each in mine if each.receipt.account_id == account_id])
    taken = {each.receipt.pk for each in mine}
    return [reading for reading in readings if reading.receipt.pk not in taken]


def _is_watched(reading: Reading) -> bool:
    """Old mail is imported, and what an operator decided is done, watching or not."""
    is_understood = reading.error is None or isinstance(reading.error, Suspicious)
    is_watching = reading.receipt.account.mode == Account.Mode.WATCH
    return is_watching and is_understood and reading.is_limited


def _write_plans(readings: Sequence[Reading]) -> None:
    """For receipts of one account."""
    inbox = readings[0].receipt.account.inbox
    pairs = [
        (reading, Arrival(inbox, inbound))
        for reading in readings
        if reading.error is None
        for inbound in reading.messages
    ]
    forecasts = foresee([arrival for _, arrival in pairs])
    talk = _Talk(readings)
    for reading in readings:
        receipt, doubt = reading.receipt, reading.error
        receipt.status, receipt.processed_at = Receipt.Status.WATCHED, timezone.now()
        receipt.plan, receipt.error = {}, ""
        if isinstance(doubt, Suspicious):
            receipt.sender, receipt.subject = doubt.sender[:254], doubt.subject[:255]
            receipt.plan = {"outcome": "suspended", "cause": doubt.cause, "why": str(doubt)}
        transaction.on_commit(partial(forget_files, reading.messages))
    for (reading, arrival), forecast in zip(pairs, forecasts, strict=True):
        inbound, receipt = arrival.inbound, reading.receipt
        receipt.sender, receipt.subject = inbound.sender.value[:254], inbound.subject[:255]
        receipt.plan = talk.plan(receipt, arrival, forecast)


class _Talk:
    """What one mailbox would have said and filed so far, were it live."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._account = copy(readings[0].receipt.account)
        self._account.mode = Account.Mode.LIVE
        values = {each.sender.value for reading in readings for each in reading.messages}
        self._identities = {i.value: i for i in Identity.objects.filter(value__in=values)}
        self._history = History.of(values, timezone.now())
        self._receipts: dict[str, int] = {}
        for pk, at, plan, sender, subject in self._earlier():
            self._receipts[plan.get("external_id", "")] = pk
            if "acknowledgement" in plan and at > timezone.now() - _DAY:
                self._history.add(sender, _ACKNOWLEDGEMENT, None, subject, at)
        self._receipts.pop("", None)

    def _earlier(self) -> Iterator[tuple[Any, ...]]:
        seen = Receipt.objects.filter(account=self._account, status=Receipt.Status.WATCHED)
        columns = ("pk", "received_at", "plan", "sender", "subject")
        return iter(list(seen.order_by("-pk").values_list(*columns)[:_EARLIER])[::-1])

    def plan(self, receipt: Receipt, arrival: Arrival, forecast: Forecast) -> dict[str, Any]:
        inbound = arrival.inbound
        plan: dict[str, Any] = {
            "name": inbound.sender.name,
            "is_known": forecast.is_known,
            "category": inbound.category,
            "external_id": inbound.external_id,
        }
        before = next((r for r in inbound.references if r in self._receipts), "")
        self._receipts.setdefault(inbound.external_id, receipt.pk)
        if forecast.ticket is not None:
            outcome = "repeats" if forecast.is_repeated else "continues"
            return {**plan, "outcome": outcome, "ticket": forecast.ticket.number}
        if before:
            return {**plan, "outcome": "continues", "receipt": self._receipts[before]}
        return {**plan, "outcome": "opens", **self._answer(arrival.inbox.pk, inbound)}

    def _answer(self, inbox_id: int, inbound: InboundMessage) -> dict[str, Any]:
        """The acknowledgement that would go out, or the rule against it."""
        address, language = inbound.sender.value, supported(inbound.language)
        identity = self._identities.get(address) or Identity(kind="email", value=address)
        ticket = Ticket(inbox_id=inbox_id, subject=inbound.subject, language=inbound.language)
        notice = Notice(
            ticket=ticket,
            kind=_ACKNOWLEDGEMENT,
            occasion="opened",
            forbidden_by=inbound.never_acknowledge,
        )
        verified = inbound.is_verified or identity.verified_at is not None
        rule = rule_against(notice, identity, self._account, self._history, verified=verified)
        if rule:
            return {"rule": rule}
        self._history.add(address, _ACKNOWLEDGEMENT, None, inbound.subject)
        return {"acknowledgement": {"to": address, "language": language}}
