"""The breaker in front of automatic mail: above a budget it is held, as rows, until somebody
decides. What agents write is never held.

An account has a budget a minute (``Account.automatic_per_minute``), and so has each recipient.
Whoever counts holds the account's row: two workers never spend the same budget.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from channels.models import Account, AutomaticMail, Breaker, Delivery
from people.models import User
from support.events import DomainEvent, publish

logger = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
#: Automatic mails to one recipient in a minute.
PER_RECIPIENT = 3
#: An access code is of no use after this.
CODE_LIVES = timedelta(minutes=15)
#: The rule in the log of a mail that was discarded.
RULE = "breaker"
#: Held mail leaves in its order, a span apart; it counts in the minute in which it leaves.
_QUEUE = """
    update channels_delivery d
    set status = 'queued', due_at = line.at, created_at = line.at
    from (
        select id, now() + (row_number() over (order by id) - 1) * %s * interval '1 second' as at
        from channels_delivery held
        where account_id = %s and status = 'held' and %s::text in ('', "to") and not exists (
            select from channels_breaker open
            where open.account_id = held.account_id and open.recipient in ('', held."to")
        )
    ) line
    where d.id = line.id
"""


class NotOpen(LookupError):
    """There is no such breaker, or no longer: somebody decided."""


@dataclass(frozen=True, kw_only=True)
class _AboutBreaker(DomainEvent):
    account_id: int
    recipient: str = ""

    @property
    def topic(self) -> str:
        return f"account:{self.account_id}"


@dataclass(frozen=True, kw_only=True)
class BreakerOpened(_AboutBreaker):
    """Automatic mail is held: of the account, or only that to ``recipient``."""

    kind = "breaker.opened"
    reason: str


@dataclass(frozen=True, kw_only=True)
class BreakerDecided(_AboutBreaker):
    """``decision`` is ``resume`` or ``discard``; ``held`` is how many mails it was about."""

    kind = "breaker.decided"
    decision: str
    held: int


class Budget:
    """What may still leave by some accounts in this minute. Their rows are locked by it."""

    def __init__(self, accounts: Iterable[Account], addresses: Iterable[str]) -> None:
        ids = sorted({account.pk for account in accounts})
        rows = Account.objects.filter(pk__in=ids).order_by("pk")
        self._limits = dict(
            rows.select_for_update(no_key=True).values_list("pk", "automatic_per_minute")
        )
        open_ones = Breaker.objects.filter(account__in=ids, recipient__in={"", *addresses})
        self._open = set(open_ones.values_list("account_id", "recipient"))
        self._left_by = Counter(_left_by(ids, timezone.now())) if ids else Counter()
        self._opened: list[Breaker] = []

    def admit(self, delivery: Delivery, to_recipient: int) -> bool:
        """Let it leave, or hold it. ``to_recipient``: how many went there in the last minute."""
        account, limit = delivery.account_id, self._limits[delivery.account_id]
        is_open = not self._open.isdisjoint({(account, ""), (account, delivery.to)})
        if not is_open and self._left_by[account] >= limit:
            is_open = True
            self._trip(account, "", f"more than {limit} automatic mails in a minute")
        elif not is_open and to_recipient >= PER_RECIPIENT:
            is_open = True
            reason = f"more than {PER_RECIPIENT} automatic mails to one address in a minute"
            self._trip(account, delivery.to, reason)
        if is_open:
            delivery.status = Delivery.Status.HELD
        else:
            self._left_by[account] += 1
        return not is_open

    def _trip(self, account: int, recipient: str, reason: str) -> None:
        self._open.add((account, recipient))
        self._opened.append(Breaker(account_id=account, recipient=recipient, reason=reason))

    def write(self) -> None:
        """Tell of the breakers that opened."""
        for breaker in Breaker.objects.bulk_create(self._opened):
            account, to = breaker.account_id, breaker.recipient
            logger.error("automatic mail of account %s is held: %s", account, breaker.reason)
            publish(BreakerOpened(account_id=account, recipient=to, reason=breaker.reason))


def _left_by(ids: list[int], now: datetime) -> dict[int, int]:
    """How many automatic mails to customers left by each account in the minute that ends now."""
    rows = Delivery.objects.filter(
        account__in=ids, message=None, created_at__gt=now - MINUTE, created_at__lte=now
    ).exclude(automatic=None)
    left = rows.exclude(status__in=[Delivery.Status.HELD, Delivery.Status.SUPPRESSED])
    return dict(left.values("account").annotate(n=Count("pk")).values_list("account", "n"))


@dataclass(frozen=True)
class Opened:
    """An open breaker and how many mails it holds, up to a thousand."""

    breaker: Breaker
    held: int


def overview() -> list[Opened]:
    """Every open breaker, the oldest first; no more than can be shown."""
    rows = Breaker.objects.select_related("account").order_by("opened_at", "pk")[:20]
    return [Opened(breaker, held_by(breaker)[:1000].count()) for breaker in rows]


def held_by(breaker: Breaker) -> QuerySet[Delivery]:
    """What waits for the decision about it."""
    rows = Delivery.objects.filter(account=breaker.account_id, status=Delivery.Status.HELD)
    return rows.filter(to=breaker.recipient) if breaker.recipient else rows


@transaction.atomic
def resume(breaker_id: int, *, actor: User | None) -> int:
    """Send what is held, at half the budget; what another breaker holds stays. Returns how many."""
    breaker = _close(breaker_id)
    stale = timezone.now() - CODE_LIVES
    codes = held_by(breaker).filter(automatic__kind=AutomaticMail.Kind.ACCESS_CODE)
    _suppress(codes.filter(created_at__lt=stale))
    limit = PER_RECIPIENT if breaker.recipient else breaker.account.automatic_per_minute
    seconds = 2 * MINUTE.total_seconds() / max(1, limit)
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, [seconds, breaker.account_id, breaker.recipient])
        count = int(cursor.rowcount)
    _decided(breaker, "resume", count, actor)
    return count


@transaction.atomic
def discard(breaker_id: int, *, actor: User | None) -> int:
    """Send nothing of what is held; the log says so. Returns how many."""
    breaker = _close(breaker_id)
    count = _suppress(held_by(breaker))
    _decided(breaker, "discard", count, actor)
    return count


def _close(breaker_id: int) -> Breaker:
    """Take the breaker away, under the lock of those who count. Raises ``NotOpen``."""
    breaker = Breaker.objects.select_related("account").filter(pk=breaker_id).first()
    if breaker is None:
        raise NotOpen(breaker_id)
    Account.objects.select_for_update(no_key=True).get(pk=breaker.account_id)
    if not Breaker.objects.filter(pk=breaker_id).delete()[0]:
        raise NotOpen(breaker_id)
    return breaker


def _suppress(held: QuerySet[Delivery]) -> int:
    ids = list(held.values_list("pk", flat=True))
    AutomaticMail.objects.filter(delivery__in=ids).update(suppressed_by=RULE)
    return Delivery.objects.filter(pk__in=ids).update(status=Delivery.Status.SUPPRESSED)


def _decided(breaker: Breaker, decision: str, held: int, actor: User | None) -> None:
    publish(
        BreakerDecided(
            account_id=breaker.account_id,
            recipient=breaker.recipient,
            decision=decision,
            held=held,
            actor_id=actor.pk if actor else None,
        )
    )
