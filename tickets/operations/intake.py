"""Filing what customers send us, whichever channel it came by, many messages at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from people.models import Contact
from people.operations import Address, Key, find_identity, lock_contact, lock_contacts, verify
from support.events import next_ids, publish_many
from support.faults import fault_point
from tickets import reference
from tickets.events import MessageReceived, StatusChanged, TicketEvent, TicketOpened
from tickets.inbound import InboundMessage
from tickets.models import (
    STATUS_FIELDS,
    Attachment,
    Category,
    Inbox,
    Message,
    Participant,
    Status,
    Ticket,
    TicketReference,
)
from tickets.operations.content import preview_of
from tickets.operations.continuation import Arrival, Wave, filed_before, find_tickets, waves

#: Most people one mail may add to a ticket.
MAX_PARTICIPANTS = 10
SUBJECT_LENGTH = 255


def receive_message(inbox: Inbox, inbound: InboundMessage) -> Message:
    """File ``inbound`` on the ticket it continues, or open a ticket for it.

    A channel may deliver the same message twice: the second call changes nothing
    and returns the message filed by the first.
    """
    return receive_messages([Arrival(inbox, inbound)])[0]


@transaction.atomic
def receive_messages(arrivals: Sequence[Arrival]) -> list[Message]:
    """Like ``receive_message``, for many in the order in which they came."""
    # Lock the senders first: two messages sent at once must share one new ticket.
    people = lock_contacts([each.inbound.sender for each in arrivals])
    messages: dict[int, Message] = {}
    for wave in waves(arrivals):
        messages |= _receive_wave(wave, people)
    return [messages[place] for place in range(len(arrivals))]


@dataclass
class _Filing:
    """One message that is being filed: on a ticket of its own, or on another's."""

    inbound: InboundMessage
    sender: Contact
    ticket: Ticket
    author: Message.Author
    is_new: bool = False
    past: Ticket | None = None
    changes: list[TicketEvent] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """How many events it will make."""
        return 1 + self.is_new + len(self.changes)

    def events(self, message: Message) -> list[TicketEvent]:
        ids = {"ticket_id": self.ticket.pk, "message_id": message.pk}
        received = MessageReceived(**ids, is_automatic=self.inbound.is_automatic)
        if not self.is_new:
            return [received, *self.changes]
        opened = TicketOpened(
            **ids,
            never_acknowledge=self.inbound.never_acknowledge,
            is_verified=self.inbound.is_verified,
            continues_id=self.past.pk if self.past else None,
        )
        return [opened, received]


def _receive_wave(wave: Wave, people: Mapping[Key, Contact]) -> dict[int, Message]:
    messages = filed_before(wave)
    fresh = {place: each for place, each in wave.items() if place not in messages}
    verify(*(each.inbound.sender for each in fresh.values() if each.inbound.is_verified))
    senders = {place: people[each.inbound.sender.key] for place, each in fresh.items()}
    tickets = find_tickets(fresh, senders)
    filings = {
        place: _filing(each, senders[place], tickets.get(place)) for place, each in fresh.items()
    }
    return messages | dict(zip(filings, _write(list(filings.values())), strict=True))


def _filing(arrival: Arrival, sender: Contact, ticket: Ticket | None) -> _Filing:
    """Decide where the message goes, and change the ticket in memory."""
    inbox, inbound = arrival
    if ticket is None or not _may_reopen(ticket, inbound):
        new = _new_ticket(inbox, inbound, sender, ticket)
        return _Filing(inbound, sender, new, Message.Author.REQUESTER, is_new=True, past=ticket)
    filing = _Filing(inbound, sender, ticket, _author(ticket, inbound, sender))
    if not inbound.is_automatic:
        filing.changes = _hand_to_agents(ticket)
    ticket.preview = preview_of(inbound.text)
    return filing


def _new_ticket(
    inbox: Inbox, inbound: InboundMessage, sender: Contact, past: Ticket | None
) -> Ticket:
    category = Category.objects.filter(slug=inbound.category).first() if inbound.category else None
    return Ticket(
        reference=reference.new(),
        inbox=inbox,
        requester=sender,
        team_id=inbox.team_id,
        subject=(inbound.subject or inbound.text.strip().split("\n")[0][:80])[:SUBJECT_LENGTH],
        preview=preview_of(inbound.text),
        thread=inbound.thread[:255],
        language=inbound.language,
        category=category,
        continues=past,
        waiting_since=None if inbound.is_automatic else timezone.now(),
        active_at=timezone.now(),
    )


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
            _add_participants(filing.ticket, filing.inbound.participants)
    facts = [
        (event, filing.ticket.audience)
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
    return Message(
        ticket=filing.ticket,
        inbox_id=filing.ticket.inbox_id,
        direction=Message.Direction.INBOUND,
        author=filing.author,
        contact=filing.sender,
        channel=inbound.meta.get("door", inbound.sender.kind),
        text=inbound.text,
        quoted=inbound.quoted,
        html=inbound.html,
        external_id=inbound.external_id[:255],
        is_automatic=inbound.is_automatic,
        is_verified=inbound.is_verified,
        receipt_id=inbound.receipt_id,
        sent_at=min(inbound.sent_at, latest),
    )


def _may_reopen(ticket: Ticket, inbound: InboundMessage) -> bool:
    if not ticket.is_done or inbound.is_automatic:
        return True
    if ticket.status == Status.CLOSED or ticket.solved_at is None:
        return False
    return timezone.now() - ticket.solved_at <= ticket.inbox.reopen_within


def _author(ticket: Ticket, inbound: InboundMessage, sender: Contact) -> Message.Author:
    if sender.pk == ticket.requester_id:
        return Message.Author.REQUESTER
    if ticket.participants.filter(contact=sender).exists():
        return Message.Author.PARTICIPANT
    return Message.Author.STRANGER


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


def _add_participants(ticket: Ticket, addresses: tuple[Address, ...]) -> None:
    """Those copied on the first mail take part; a stranger's later copy does not count."""
    for address in addresses[:MAX_PARTICIPANTS]:
        identity = find_identity(address)
        contact = identity.contact if identity else lock_contact(address)
        if contact.pk != ticket.requester_id:
            Participant.objects.get_or_create(ticket=ticket, contact=contact)
