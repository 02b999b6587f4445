"""What filing would do, without doing it: for mailboxes that only watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from people.models import Contact, Identity
from tickets.models import Ticket
from tickets.operations.continuation import Arrival, filed_before, find_tickets
from tickets.operations.late_reply import home_of


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Where a message would go; ``ticket`` is None when it would open one."""

    ticket: Ticket | None = None
    is_repeated: bool = False
    is_known: bool = False


@transaction.atomic
def foresee(arrivals: Sequence[Arrival]) -> list[Forecast]:
    """What would become of each, were it filed now and alone."""
    wave = dict(enumerate(arrivals))
    contacts = _contacts(arrivals)
    repeated, fresh = filed_before(wave)
    nobody = Contact(pk=0)
    senders = {n: contacts.get(each.inbound.sender.key, nobody) for n, each in wave.items()}
    tickets = find_tickets(fresh, senders)
    forecasts = []
    for place, arrival in wave.items():
        found, sender = tickets.get(place), senders[place]
        home = home_of(found, arrival.inbound, sender) if found else None
        if place in repeated:
            home = repeated[place].ticket
        forecasts.append(
            Forecast(ticket=home, is_repeated=place in repeated, is_known=sender is not nobody)
        )
    return forecasts


def _contacts(arrivals: Sequence[Arrival]) -> dict[tuple[str, str], Contact]:
    """Those we know already, by kind and value; nobody is made."""
    values = {each.inbound.sender.value for each in arrivals}
    rows = Identity.objects.filter(value__in=values).select_related("contact")
    return {(identity.kind, identity.value): identity.contact for identity in rows}
