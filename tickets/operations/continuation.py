"""Which ticket a message continues: proof first, then ids, then a number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from django.db.models import Q

from people.models import Contact
from tickets.inbound import InboundMessage
from tickets.models import Inbox, Message, SideThread, Ticket, TicketReference


class Arrival(NamedTuple):
    """A message, the inbox it came to, and how many tickets an hour its sender may open.

    0 is any number.
    """

    inbox: Inbox
    inbound: InboundMessage
    most_new: int = 0


Wave = dict[int, Arrival]
#: Flag of a message whose Message-ID another message bore before.
REUSED_ID = "message-id-reused"


def waves(arrivals: Sequence[Arrival]) -> Iterator[Wave]:
    """Cut ``arrivals``, in order, so that nothing in a wave can bear on another part of it."""
    waiting = dict(enumerate(arrivals))
    while waiting:
        taken: set[tuple[object, ...]] = set()
        wave: Wave = {}
        for place, arrival in waiting.items():
            touched = _touched(arrival)
            if taken.isdisjoint(touched):
                wave[place] = arrival
            taken |= touched
        yield wave
        waiting = {place: each for place, each in waiting.items() if place not in wave}


def _touched(arrival: Arrival) -> set[tuple[object, ...]]:
    """All by which this message might meet another one."""
    inbox, inbound = arrival.inbox.pk, arrival.inbound
    ids = {inbound.external_id, *inbound.references} - {""}
    touched: set[tuple[object, ...]] = {("id", inbox, each) for each in ids}
    if not inbound.is_automatic:  # a server that reports a thousand bounces is one sender
        touched.add(("from", *inbound.sender.key))
    if inbound.thread:
        touched.add(("thread", inbox, inbound.thread))
    if inbound.ticket_id:
        touched.add(("ticket", inbound.ticket_id))
    if inbound.side_thread_id:
        touched.add(("aside", inbound.side_thread_id))
    if inbound.subject_reference:
        touched.add(("number", inbound.subject_reference))
    return touched


def filed_before(wave: Wave) -> tuple[dict[int, Message], Wave]:
    """The message that each repeated arrival was filed as, and the arrivals that are new.

    An id that another message bore before proves nothing: such a message is kept, under
    an id of its own, and flagged.
    """
    ids = {name for each in wave.values() for name in _names(each.inbound)}
    if not ids:
        return {}, wave
    inboxes = {each.inbox.pk for each in wave.values()}
    rows = Message.objects.filter(inbox__in=inboxes, external_id__in=ids).select_related("ticket")
    filed = {(message.inbox_id, message.external_id): message for message in rows}
    found: dict[int, Message] = {}
    fresh: Wave = {}
    for place, arrival in wave.items():
        named = [filed.get((arrival.inbox.pk, name)) for name in _names(arrival.inbound)]
        held = [message for message in named if message is not None]
        same = [message for message in held if _is_same(message, arrival.inbound)]
        if same:
            found[place] = same[0]
        else:
            fresh[place] = arrival._replace(inbound=_renamed(arrival.inbound)) if held else arrival
    return found, fresh


def _names(inbound: InboundMessage) -> list[str]:
    """The id it bears, and the one it would get were that one another message's."""
    if not inbound.external_id:
        return []
    other = [f"{inbound.external_id[:220]}#{inbound.fingerprint}"] if inbound.fingerprint else []
    return [inbound.external_id[:255], *other]


def _is_same(message: Message, inbound: InboundMessage) -> bool:
    prints = {message.fingerprint, inbound.fingerprint}
    return len(prints) == 1 or "" in prints


def _renamed(inbound: InboundMessage) -> InboundMessage:
    flags = [*inbound.addressing.get("flags", []), REUSED_ID]
    addressing = {**inbound.addressing, "flags": flags}
    return replace(inbound, external_id=_names(inbound)[-1], addressing=addressing)


def find_side_threads(wave: Wave) -> dict[int, SideThread]:
    """The side thread that an arrival answers: by proof, or by the id of any message in it.

    Even if it answers something else as well: what was internal stays so (rule 22).
    """
    ids = {reference for each in wave.values() for reference in each.inbound.references}
    inboxes = {each.inbox.pk for each in wave.values()}
    aside = Message.objects.filter(inbox__in=inboxes, external_id__in=ids, side_thread__gt=0)
    columns = aside.values_list("inbox_id", "external_id", "side_thread_id") if ids else ()
    named = {(inbox, external_id): side_thread for inbox, external_id, side_thread in columns}
    found: dict[int, int] = {}
    for place, (inbox, inbound, _) in wave.items():
        keys = [(inbox.pk, reference) for reference in inbound.references]
        known = [inbound.side_thread_id, *(named.get(key) for key in keys)]
        if some := [side_thread for side_thread in known if side_thread]:
            found[place] = some[0]
    threads = SideThread.objects.in_bulk(set(found.values())) if found else {}
    return {place: threads[pk] for place, pk in found.items() if pk in threads}


def find_tickets(
    wave: Wave, senders: Mapping[int, Contact], beside: Mapping[int, SideThread] | None = None
) -> dict[int, Ticket]:
    """Find and lock the ticket that each arrival continues, or whose side thread it answers."""
    proved = _existing({n for each in wave.values() if (n := each.inbound.ticket_id)})
    referred, threads = known_ids(wave.values()), _by_thread(wave)
    found: dict[int, int] = {}
    for place, (inbox, inbound, _) in wave.items():
        keys = [(inbox.pk, each) for each in inbound.references]
        ticket_id = (
            (inbound.ticket_id if inbound.ticket_id in proved else None)
            or next((referred[key] for key in keys if key in referred), None)
            or threads.get((inbox.pk, inbound.thread))
            or _by_number(inbound.subject_reference, senders[place])
        )
        if ticket_id is not None:
            found[place] = ticket_id
    found |= {place: thread.ticket_id for place, thread in (beside or {}).items()}
    return _survivors(found)


def _existing(ids: set[int]) -> set[int]:
    return set(Ticket.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def known_ids(arrivals: Collection[Arrival]) -> dict[tuple[int, str], int]:
    """The ticket of each earlier message that is referred to, by inbox and id."""
    ids = {reference for each in arrivals for reference in each.inbound.references}
    if not ids:
        return {}
    inboxes = {each.inbox.pk for each in arrivals}
    rows = Message.objects.filter(inbox__in=inboxes, external_id__in=ids)
    columns = rows.values_list("inbox_id", "external_id", "ticket_id")
    return {(inbox, external_id): ticket for inbox, external_id, ticket in columns}


def _by_thread(wave: Wave) -> dict[tuple[int, str], int]:
    threads = {each.inbound.thread for each in wave.values()} - {""}
    if not threads:
        return {}
    inboxes = {each.inbox.pk for each in wave.values()}
    rows = Ticket.objects.filter(inbox__in=inboxes, thread__in=threads).order_by("pk")
    columns = rows.values_list("inbox_id", "thread", "pk")
    return {(inbox, thread): ticket for inbox, thread, ticket in columns}  # the latest stays


def _by_number(number: str, sender: Contact) -> int | None:
    """A number alone proves nothing: it counts only from somebody who takes part."""
    if not number:
        return None
    takes_part = Q(ticket__requester=sender) | Q(ticket__participants__contact=sender)
    found = TicketReference.objects.filter(takes_part, number=number)
    return found.values_list("ticket_id", flat=True).first()


def named_tickets(wave: Wave) -> dict[str, int]:
    """The tickets whose numbers stand in subjects, whoever wrote them there."""
    numbers = {each.inbound.subject_reference for each in wave.values()} - {""}
    rows = TicketReference.objects.filter(number__in=numbers) if numbers else None
    return dict(rows.values_list("number", "ticket_id")) if rows is not None else {}


def _survivors(found: Mapping[int, int]) -> dict[int, Ticket]:
    """Lock the tickets, or those they were merged into. Merges are made loop-free."""
    tickets = _locked(set(found.values()))
    ends = dict(found)
    while merged := {
        target
        for ticket_id in ends.values()
        if (target := tickets[ticket_id].merged_into_id) is not None
    }:
        tickets |= _locked(merged - tickets.keys())
        ends = {place: tickets[end].merged_into_id or end for place, end in ends.items()}
    return {place: tickets[end] for place, end in ends.items()}


def _locked(ids: set[int]) -> dict[int, Ticket]:
    if not ids:
        return {}
    rows = Ticket.objects.filter(pk__in=ids).order_by("pk").select_related("inbox")
    return {ticket.pk: ticket for ticket in rows.select_for_update(of=("self",))}
