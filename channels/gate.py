"""The gate between reading and filing, for a batch at once: blocked senders, and floods.

What a mail gives away by itself is told by ``channels.suspicion`` while it is read.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from channels.base import Suspicious
from channels.models import BlockedSender, Receipt
from channels.reading import Reading
from tickets.inbound import InboundMessage
from tickets.operations.continuation import Arrival


def hold_blocked(readings: Sequence[Reading]) -> None:
    """Give those of blocked senders an error, so that they are suspended."""
    open_ones = [each for each in readings if each.messages and not each.is_decided]
    wanted = {value for each in open_ones for value in _values(each)}
    if not wanted:
        return
    blocked = set(BlockedSender.objects.filter(value__in=wanted).values_list("value", flat=True))
    for reading in open_ones if blocked else ():
        if hit := next((value for value in _values(reading) if value in blocked), ""):
            reading.error = _held(Receipt.Cause.BLOCKED, f"{hit} is blocked", reading.messages[0])


def _values(reading: Reading) -> list[str]:
    """What may be blocked of its senders: the address, or everybody of the domain."""
    senders = [inbound.sender.value for inbound in reading.messages]
    return [value for sender in senders for value in (sender, f"@{sender.rpartition('@')[2]}")]


def arrival(reading: Reading, inbound: InboundMessage) -> Arrival:
    """As it goes to be filed, with what its sender is allowed."""
    most_new = settings.HARBOUR_SENDER_RATE if reading.is_limited else 0
    return Arrival(reading.receipt.account.inbox, inbound, most_new)


def over_limit(inbound: InboundMessage) -> Suspicious:
    """Why a message was not filed that would have opened one ticket too many."""
    why = f"more than {settings.HARBOUR_SENDER_RATE} new tickets in an hour"
    return _held(Receipt.Cause.SENDER_LIMIT, why, inbound)


def _held(cause: Receipt.Cause, why: str, inbound: InboundMessage) -> Suspicious:
    return Suspicious(cause, why, sender=inbound.sender.value, subject=inbound.subject)
