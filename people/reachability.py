"""Whether mail to an address arrives: bounces are scored, and a bad score stops our writing.

A refusal for good of the address itself stops it at once, three lesser failures do too. Each
good send takes a little off, and what is older than ``FORGET`` is forgotten. A temporary
failure is no bounce at all: the other server is still trying.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from people.models import Identity

SOFT, HARD = 1.0, 3.0
#: From this score on nothing is written to an address.
STOP = 3.0
FORGET = timedelta(days=30)
#: What a good send takes off; given back when it bounces after all.
EROSION = 0.1


@dataclass(frozen=True)
class Bounce:
    """A mail to ``address`` that did not arrive, how much that weighs, and why."""

    address: str
    weight: float
    reason: str = ""
    was_sent: bool = False


@transaction.atomic
def note_bounces(bounces: Sequence[Bounce]) -> set[str]:
    """Score these bounces. Returns the addresses that nothing is written to from now on."""
    weighed = [bounce for bounce in bounces if bounce.weight]
    values = {bounce.address.lower() for bounce in weighed}
    rows = Identity.objects.filter(kind="email", value__in=values).order_by("pk")
    known = {identity.value: identity for identity in rows.select_for_update()} if values else {}
    stopped: set[str] = set()
    for bounce in weighed:
        identity = known.get(bounce.address.lower())
        if identity is not None and _score(identity, bounce):
            stopped.add(identity.value)
    fields = ["bounce_score", "bounced_at", "bounce_reason", "undeliverable_at"]
    Identity.objects.bulk_update(known.values(), fields)
    return stopped


def _score(identity: Identity, bounce: Bounce) -> bool:
    """Whether this one is the one too many."""
    now = timezone.now()
    if identity.bounced_at is not None and identity.bounced_at < now - FORGET:
        identity.bounce_score = 0
    identity.bounce_score += bounce.weight + (EROSION if bounce.was_sent else 0)
    identity.bounced_at, identity.bounce_reason = now, bounce.reason[:300]
    if identity.undeliverable_at is not None or identity.bounce_score < STOP:
        return False
    identity.undeliverable_at = now
    return True


def stopped_among(addresses: Iterable[str]) -> set[str]:
    """Those of these addresses that nothing is written to, in lower case."""
    values = {address.lower() for address in addresses}
    rows = Identity.objects.filter(kind="email", value__in=values, undeliverable_at__isnull=False)
    return set(rows.values_list("value", flat=True))


def note_good_sends(addresses: Iterable[str]) -> None:
    """Mail to these addresses was taken."""
    values = {address.lower() for address in addresses}
    scored = Identity.objects.filter(kind="email", value__in=values, bounce_score__gt=0)
    scored.update(bounce_score=Greatest(F("bounce_score") - EROSION, 0.0))
