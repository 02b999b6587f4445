"""When an automatic message must not be sent: loops, bombs and addresses that never asked.

Windows as Zammad's and FreeScout's loop protection practise them (rules 35 and 36).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels.models import AutomaticMail, Delivery

#: In a window of so many minutes, at most so many automatic mails to one address.
PER_ADDRESS = ((10, 30), (30, 60), (60, 120), (180, 240), (600, 360))
#: The same, of one ticket.
PER_TICKET = ((10, 10), (30, 15), (60, 25), (180, 50), (600, 100))
#: An address that proved nothing gets one acknowledgement in this time.
UNVERIFIED_EVERY = timedelta(hours=24)
#: Acknowledgements to one address in an hour; from the second, none for the same subject.
ACKNOWLEDGEMENTS_AN_HOUR = 10
SAME_SUBJECT_FROM = 2

_LONGEST = timedelta(hours=24)


@dataclass(frozen=True)
class _Sent:
    kind: str
    ticket_id: int | None
    subject: str
    at: datetime
    is_held: bool = False


@dataclass
class History:
    """What was sent automatically to some addresses in the last day."""

    now: datetime
    sent: defaultdict[str, list[_Sent]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, addresses: Iterable[str], now: datetime) -> History:
        history = cls(now)
        rows = AutomaticMail.objects.filter(
            address__in=set(addresses), suppressed_by="", created_at__gt=now - _LONGEST
        )
        columns = ("address", "kind", "ticket_id", "ticket__subject", "created_at")
        for address, kind, ticket_id, subject, at, status in rows.values_list(
            *columns, "delivery__status"
        ):
            is_held = status == Delivery.Status.HELD
            history.sent[address].append(_Sent(kind, ticket_id, subject or "", at, is_held))
        return history

    def add(
        self,
        address: str,
        kind: str,
        ticket_id: int | None,
        subject: str,
        at: datetime | None = None,
        *,
        is_held: bool = False,
    ) -> None:
        self.sent[address].append(_Sent(kind, ticket_id, subject, at or self.now, is_held))

    def in_last_minute(self, address: str) -> int:
        """How many went to ``address``, held ones left out."""
        recent = self._within(timedelta(minutes=1), self.sent[address])
        return sum(not each.is_held for each in recent)

    def forbids(
        self, address: str, kind: str, ticket_id: int | None, subject: str, *, is_verified: bool
    ) -> str:
        """The rule that forbids one more, or ""."""
        sent = self.sent[address]
        if self._over(PER_ADDRESS, sent):
            return "cap-per-address"
        if self._over(PER_TICKET, [each for each in sent if each.ticket_id == ticket_id]):
            return "cap-per-ticket"
        if kind != AutomaticMail.Kind.ACKNOWLEDGEMENT:
            return ""
        acknowledged = [each for each in sent if each.kind == kind]
        if acknowledged and not is_verified:
            return "unverified-once-a-day"
        recent = self._within(timedelta(hours=1), acknowledged)
        if len(recent) >= ACKNOWLEDGEMENTS_AN_HOUR:
            return "cap-acknowledgements"
        same = [each for each in recent if each.subject == subject]
        return "same-subject" if len(recent) >= SAME_SUBJECT_FROM and same else ""

    def _over(self, caps: Iterable[tuple[int, int]], sent: list[_Sent]) -> bool:
        return any(
            len(self._within(timedelta(minutes=minutes), sent)) >= most for minutes, most in caps
        )

    def _within(self, window: timedelta, sent: list[_Sent]) -> list[_Sent]:
        return [each for each in sent if each.at > self.now - window]
