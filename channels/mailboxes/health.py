"""How each mailbox fares, and how much work waits: for the console, the command and /metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from channels import stale
from channels.models import Account, Delivery, FetchState, Receipt
from support.models import OutboxEntry

#: A mailbox is read every minute; after this long something holds it up.
LATE = timedelta(minutes=5)
_STATES: dict[str, Promise] = {
    "off": _("switched off"),
    "sign_in": _("wants somebody to sign in"),
    "trouble": _("in trouble"),
    "late": _("behind"),
    "new": _("not read yet"),
    "handed": _("handed to us"),
    "well": _("well"),
}


@dataclass(frozen=True, kw_only=True)
class Health:
    """``state`` is a key of ``_STATES``; ``lag`` the seconds since all mail had been read."""

    account: Account
    state: str
    is_watching: bool
    is_fetched: bool
    lag: float | None
    behind: int
    failures: int
    error: str
    error_at: datetime | None
    last_mail_at: datetime | None
    needs_sign_in: bool
    breakers: int

    @property
    def words(self) -> Promise:
        return _STATES[self.state]

    @property
    def is_well(self) -> bool:
        return self.state in ("well", "handed", "off") and not self.breakers


def overview() -> list[Health]:
    """Every mailbox, the oldest first."""
    mailboxes = Account.objects.filter(kind="email").exclude(address="")
    rows = mailboxes.select_related("inbox__team", "fetch_state")
    counted = rows.annotate(breaker_count=Count("breakers")).order_by("pk")
    return [_health(account, account.breaker_count) for account in counted]


def needing_sign_in() -> int:
    """How many mailboxes wait for somebody to sign in again."""
    return FetchState.objects.filter(needs_sign_in=True, account__is_active=True).count()


def health_of(account: Account) -> Health:
    return _health(account, account.breakers.count())


def _health(account: Account, breakers: int) -> Health:
    state = getattr(account, "fetch_state", None)
    is_fetched = bool(account.settings.get("imap_host"))
    fetched_at = state.fetched_at if state else None
    lag = (timezone.now() - fetched_at).total_seconds() if fetched_at and is_fetched else None
    return Health(
        account=account,
        state=_state(account, state, lag, is_fetched=is_fetched),
        is_watching=account.mode == Account.Mode.WATCH,
        is_fetched=is_fetched,
        lag=lag,
        behind=state.behind if state else 0,
        failures=state.failures if state else 0,
        error=state.error if state else "",
        error_at=state.error_at if state else None,
        last_mail_at=state.last_mail_at if state else None,
        needs_sign_in=bool(state and state.needs_sign_in),
        breakers=breakers,
    )


def _state(account: Account, state: Any, lag: float | None, *, is_fetched: bool) -> str:
    if not account.is_active:
        return "off"
    if state and state.needs_sign_in:
        return "sign_in"
    if not is_fetched:
        return "handed"
    if state and (state.error or state.failures):
        return "trouble"
    if lag is None:
        return "new"
    return "late" if lag > LATE.total_seconds() else "well"


def exposition() -> bytes:
    """All of it in the text format that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Collector())
    return bytes(generate_latest(registry))


class _Collector:
    def collect(self) -> Iterator[Metric]:
        yield from _mailbox_gauges(overview())
        yield from _queue_gauges()
        yield _stale_calls()

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked of the database only to be registered."""
        return []


def _mailbox_gauges(rows: list[Health]) -> Iterator[GaugeMetricFamily]:
    told: dict[str, tuple[str, Callable[[Health], float | None]]] = {
        "lag_seconds": ("Seconds since all mail had been read.", lambda h: h.lag),
        "behind": ("Mails seen at the server and not stored yet.", lambda h: h.behind),
        "failures": ("Failed looks in a row.", lambda h: h.failures),
        "needs_sign_in": ("1: somebody must sign in again.", lambda h: int(h.needs_sign_in)),
        "breakers_open": ("Open breakers of automatic mail.", lambda h: h.breakers),
        "watching": ("1: it only watches.", lambda h: int(h.is_watching)),
        "well": ("1: nothing is wrong with it.", lambda h: int(h.is_well)),
    }
    active = [row for row in rows if row.account.is_active]
    for name, (words, value) in told.items():
        family = GaugeMetricFamily(f"harbour_mailbox_{name}", words, labels=["mailbox"])
        for row in active:
            if (number := value(row)) is not None:
                family.add_metric([row.account.address], number)
        yield family


def _queue_gauges() -> Iterator[GaugeMetricFamily]:
    receipts = Receipt.objects.filter(status__in=["waiting", "suspended", "quarantined"])
    yield from _counted(
        "harbour_receipts", "Received and not filed.", receipts.values_list("status"), "received_at"
    )
    unsent = Delivery.objects.filter(status__in=["queued", "sending", "held"])
    yield from _counted(
        "harbour_deliveries", "Not sent yet.", unsent.values_list("status"), "created_at"
    )
    owed = OutboxEntry.objects.aggregate(
        waiting=Count("pk", filter=Q(parked_at=None)),
        parked=Count("pk", filter=~Q(parked_at=None)),
        oldest=Min("event__at", filter=Q(parked_at=None)),
    )
    family = GaugeMetricFamily("harbour_outbox", "Reactions owed.", labels=["status"])
    family.add_metric(["waiting"], owed["waiting"])
    family.add_metric(["parked"], owed["parked"])
    yield family
    yield GaugeMetricFamily(
        "harbour_outbox_oldest_seconds",
        "Age of the oldest reaction owed.",
        value=(timezone.now() - owed["oldest"]).total_seconds() if owed["oldest"] else 0,
    )


def _stale_calls() -> CounterMetricFamily:
    words = "Webhook calls with a signed time of more than five minutes ago."
    family = CounterMetricFamily("harbour_stale_calls", words, labels=["kind"])
    for kind, number in stale.counts().items():
        family.add_metric([kind], number)
    return family


def _counted(name: str, words: str, rows: Any, since: str) -> Iterator[GaugeMetricFamily]:
    """How many rows of each status, and the age of the oldest."""
    number = GaugeMetricFamily(name, words, labels=["status"])
    age = GaugeMetricFamily(f"{name}_oldest_seconds", "Age of the oldest.", labels=["status"])
    now = timezone.now()
    for status, count, oldest in rows.annotate(n=Count("pk"), first=Min(since)).order_by("status"):
        number.add_metric([status], count)
        age.add_metric([status], max(0.0, (now - oldest).total_seconds()))
    yield number
    yield age
