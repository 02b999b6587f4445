"""Filing what customers send us, whichever channel it came by, many messages at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from people.models import Contact
from people.operations import Key, lock_contacts, verify
from support.events import next_ids, publish_many
from support.faults import fault_point
from tickets.events import (
    MessageReceived,
    SideMessageAdded,
    StatusChanged,
    TicketEvent,
    TicketOpened,
)
from tickets.inbound import InboundMessage
from tickets.models import (
    STATUS_FIELDS,
    Attachment,
    Inbox,
    Message,
    SideThread,
    Status,
    Ticket,
    TicketReference,
)
from tickets.operations.content import preview_of
from tickets.operations.continuation import (
    Arrival,
    Wave,
    filed_before,
    find_side_threads,
    find_tickets,
    named_tickets,
    waves,
)
from tickets.operations.late_reply import home_of
from tickets.operations.opening import add_participants, moment_of, new_ticket
from tickets.operations.sender_limit import Allowance
from tickets.operations.waking import wake


def receive_message(inbox: Inbox, inbound: InboundMessage) -> Message:
    """File ``inbound`` on the ticket it continues, or open a ticket for it.

    A channel may deliver the same message twice: the second call changes nothing
    and returns the message filed by the first.
    """
    return receive_messages([Arrival(inbox, inbound)])[0]


def receive_messages(arrivals: Sequence[Arrival]) -> list[Message]:
    """Like ``receive_message``, for many in the order in which they came."""
    free = [arrival._replace(most_new=0) for arrival in arrivals]
    return [message for message in file_arrivals(free) if message is not None]


@transaction.atomic
def file_arrivals(arrivals: Sequence[Arrival]) -> list[Message | None]:
    """File each; None for one that would open more tickets than its sender may."""
    # Lock the senders first: two messages sent at once must share one new ticket.
    people = lock_contacts([each.inbound.sender for each in arrivals])
    allowance = Allowance(people.values(), max((each.most_new for each in arrivals), default=0))
    messages: dict[int, Message] = {}
    for wave in waves(arrivals):
        messages |= _receive_wave(wave, people, allowance)
    return [messages.get(place) for place in range(len(arrivals))]


@dataclass
class _Filing:
    """One message that is being filed: on a ticket of its own, or on another's."""

    inbound: InboundMessage
    sender: Contact
    ticket: Ticket
    author: Message.Author
    is_new: bool = False
    past: Ticket | None = None
    aside: SideThread | None = None
    changes: list[TicketEvent] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """How many events it will make."""
        return 1 + self.is_new + len(self.changes)

    def events(self, message: Message) -> list[TicketEvent]:
        ids = {"ticket_id": self.ticket.pk, "message_id": message.pk}
        if self.aside is not None:
            said = SideMessageAdded(**ids, side_thread_id=self.aside.pk, is_inbound=True)
            return [said, *self.changes]
        imported = self.inbound.is_imported
        received = MessageReceived(
            **ids, is_automatic=self.inbound.is_automatic, is_imported=imported
        )
        if not self.is_new:
            return [received, *self.changes]
        opened = TicketOpened(
            **ids,
            never_acknowledge="imported" if imported else self.inbound.never_acknowledge,
            is_imported=imported,
            is_verified=self.inbound.is_verified,
            continues_id=self.past.pk if self.past else None,
        )
        return [opened, received]


def _receive_wave(
    wave: Wave, people: Mapping[Key, Contact], allowance: Allowance
) -> dict[int, Message]:
    messages, fresh = filed_before(wave)
    verify(*(each.inbound.sender for each in fresh.values() if each.inbound.is_verified))
    senders = {place: people[each.inbound.sender.key] for place, each in fresh.items()}
    beside = find_side_threads(fresh)
    tickets = find_tickets(fresh, senders, beside)
    named = named_tickets(fresh)
    homes = {ticket.pk: ticket for ticket in tickets.values()}
    filings: dict[int, _Filing] = {}
    for place, each in fresh.items():
        sender, ticket = senders[place], tickets.get(place)
        if ticket is not None and place in beside:
            filings[place] = _filing_aside(each.inbound, sender, ticket, beside[place])
            continue
        home = home_of(ticket, each.inbound, sender) if ticket else None
        home = homes.setdefault(home.pk, home) if home else None
        filing = _filing(each, sender, home, past=ticket, allowance=allowance)
        if filing is not None:
            filings[place] = filing
            if ticket is None:  # whoever names another's ticket only points agents to it
                filing.ticket.continues_id = named.get(each.inbound.subject_reference)
    return messages | dict(zip(filings, _write(list(filings.values())), strict=True))


def _filing(
    arrival: Arrival,
    sender: Contact,
    home: Ticket | None,
    *,
    past: Ticket | None,
    allowance: Allowance,
) -> _Filing | None:
    """Change the ticket ``home`` in memory, or make one. None: over the sender's limit."""
    inbox, inbound, most_new = arrival
    if home is None:
        is_limited = most_new > 0 and inbound.ticket_id is None
        if is_limited and not allowance.take(sender):
            return None
        new = new_ticket(inbox, inbound, sender, past)
        return _Filing(inbound, sender, new, Message.Author.REQUESTER, is_new=True, past=past)
    filing = _Filing(inbound, sender, home, _author(home, inbound, sender))
    if inbound.is_imported:
        _date_closed(home, inbound)
        return filing
    if not inbound.is_automatic and home.status != Status.CLOSED:
        filing.changes = _hand_to_agents(home)
    home.preview = preview_of(inbound.text)
    return filing


def _filing_aside(
    inbound: InboundMessage, sender: Contact, ticket: Ticket, aside: SideThread
) -> _Filing:
    """It stays between us and the one we asked; agents are to see that it came."""
    known = Message.Author.PARTICIPANT, Message.Author.STRANGER
    author = known[inbound.as_stranger or sender.pk != aside.contact_id]
    filing = _Filing(inbound, sender, ticket, author, aside=aside)
    if not inbound.is_automatic:
        filing.changes = wake(ticket)
    return filing


def _write(filings: Sequence[_Filing]) -> list[Message]:
    """All rows of these messages, a statement for each table."""
    if not filings:
        return []
    ids = next_ids(sum(filing.weight for filing in filings))
    last = -1
    for filing in filings:
        last += filing.weight
        filing.ticket.last_event_id = ids[last]
    _write_tickets(filings)
    messages = Message.objects.bulk_create(_message(filing) for filing in filings)
    for filing, message in zip(filings, messages, strict=True):
        add_files(message, filing.inbound)
    fault_point("intake.message_created")
    for filing in filings:
        if filing.is_new:
            add_participants(filing.ticket, filing.inbound.participants)
    facts = [
        (event, [] if filing.inbound.is_imported else filing.ticket.audience)
        for filing, message in zip(filings, messages, strict=True)
        for event in filing.events(message)
    ]
    publish_many(facts, ids)
    return messages


def _write_tickets(filings: Sequence[_Filing]) -> None:
    new = [filing.ticket for filing in filings if filing.is_new]
    Ticket.objects.bulk_create(new)
    TicketReference.objects.bulk_create(
        TicketReference(number=ticket.reference, ticket=ticket) for ticket in new
    )
    continued = {filing.ticket.pk: filing.ticket for filing in filings if not filing.is_new}
    for ticket in continued.values():
        ticket.save(update_fields=[*STATUS_FIELDS, "preview", "active_at", "last_event_id"])


def _message(filing: _Filing) -> Message:
    inbound, latest = filing.inbound, timezone.now() + timedelta(minutes=5)
    message = Message(
        ticket=filing.ticket,
        inbox_id=filing.ticket.inbox_id,
        side_thread=filing.aside,
        direction=Message.Direction.INBOUND,
        author=filing.author,
        contact=filing.sender,
        channel=inbound.meta.get("door", inbound.sender.kind),
        text=inbound.text,
        quoted=inbound.quoted,
        html=inbound.html,
        external_id=inbound.external_id[:255],
        addressing=inbound.addressing,
        fingerprint=inbound.fingerprint,
        is_automatic=inbound.is_automatic,
        is_verified=inbound.is_verified,
        is_public=inbound.is_public,
        receipt_id=inbound.receipt_id,
        sent_at=min(inbound.sent_at, latest),
    )
    if inbound.is_imported:
        message.created_at = moment_of(inbound)
    return message


def _author(ticket: Ticket, inbound: InboundMessage, sender: Contact) -> Message.Author:
    if inbound.as_stranger:
        return Message.Author.STRANGER
    if sender.pk == ticket.requester_id:
        return Message.Author.REQUESTER
    if ticket.participants.filter(contact=sender).exists():
        return Message.Author.PARTICIPANT
    return Message.Author.STRANGER


def _date_closed(ticket: Ticket, inbound: InboundMessage) -> None:
    """An imported ticket is as old as its last mail; one that is in work stays as it is."""
    at = moment_of(inbound)
    if ticket.status == Status.CLOSED and at > ticket.active_at:
        ticket.active_at = ticket.solved_at = at
        ticket.preview = preview_of(inbound.text)


def _hand_to_agents(ticket: Ticket) -> list[TicketEvent]:
    """The customer spoke last: the ticket waits for us, and is not done after all."""
    old = Status(ticket.status)
    events: list[TicketEvent] = []
    if old not in (Status.NEW, Status.OPEN):
        ticket.move_to(Status.OPEN)
        events.append(StatusChanged(ticket_id=ticket.pk, old=old, new=ticket.status))
    ticket.waiting_since = ticket.waiting_since or timezone.now()
    ticket.active_at = timezone.now()
    return events


def add_files(message: Message, inbound: InboundMessage) -> None:
    if not inbound.files:
        return
    Attachment.objects.bulk_create(
        Attachment(
            message=message,
            key=file.key,
            name=file.name[:200],
            content_type=file.content_type[:100],
            size=file.size,
            sha256=file.sha256,
            content_id=file.content_id[:255],
            is_inline=file.is_inline,
            part=file.part,
        )
        for file in inbound.files
    )
