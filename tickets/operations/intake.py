"""Filing what customers send us, whichever channel it came by."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from people.models import Contact
from people.operations import Address, find_identity, lock_contact, verify
from support.events import publish
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

#: Most people one mail may add to a ticket.
MAX_PARTICIPANTS = 10
SUBJECT_LENGTH = 255


@transaction.atomic
def receive_message(inbox: Inbox, inbound: InboundMessage) -> Message:
    """File ``inbound`` on the ticket it continues, or open a ticket for it.

    A channel may deliver the same message twice: the second call changes nothing
    and returns the message filed by the first.
    """
    # Lock the sender first: two messages sent at once must share one new ticket.
    sender = lock_contact(inbound.sender)
    if filed := find_filed(inbox, inbound.external_id):
        return filed
    if inbound.is_verified:
        verify(inbound.sender)
    ticket = _continued_ticket(inbox, inbound, sender)
    past = ticket if ticket is not None and not _may_reopen(ticket, inbound) else None
    if ticket is None or past is not None:
        return _open_ticket(inbox, inbound, sender, past)
    return _add_to(ticket, inbound, sender)


def find_filed(inbox: Inbox, external_id: str) -> Message | None:
    """The message that was filed under this id, if one was."""
    if not external_id:
        return None
    filed = Message.objects.filter(inbox=inbox, external_id=external_id)
    return filed.select_related("ticket").first()


def _continued_ticket(inbox: Inbox, inbound: InboundMessage, sender: Contact) -> Ticket | None:
    """Lock the ticket this message answers; proof first, then ids, then a number."""
    found = (
        _by_id(inbound.ticket_id)
        or _by_references(inbox, inbound.references)
        or _by_thread(inbox, inbound.thread)
        or _by_number(inbound.subject_reference, sender)
    )
    return _survivor(found) if found else None


def _by_id(ticket_id: int | None) -> int | None:
    if ticket_id is None:
        return None
    return Ticket.objects.filter(pk=ticket_id).values_list("pk", flat=True).first()


def _by_references(inbox: Inbox, references: tuple[str, ...]) -> int | None:
    if not references:
        return None
    known = dict(
        Message.objects.filter(inbox=inbox, external_id__in=references).values_list(
            "external_id", "ticket_id"
        )
    )
    return next((known[key] for key in references if key in known), None)


def _by_thread(inbox: Inbox, thread: str) -> int | None:
    if not thread:
        return None
    tickets = inbox.tickets.filter(thread=thread).order_by("-pk")
    return tickets.values_list("pk", flat=True).first()


def _by_number(number: str, sender: Contact) -> int | None:
    """A number alone proves nothing: it counts only from somebody who takes part."""
    if not number:
        return None
    takes_part = Q(ticket__requester=sender) | Q(ticket__participants__contact=sender)
    found = TicketReference.objects.filter(takes_part, number=number)
    return found.values_list("ticket_id", flat=True).first()


def _survivor(ticket_id: int) -> Ticket:
    """Lock the ticket, or the one it was merged into. Merges are made loop-free."""
    ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket_id)
    while ticket.merged_into_id is not None:
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.merged_into_id)
    return ticket


def _may_reopen(ticket: Ticket, inbound: InboundMessage) -> bool:
    if not ticket.is_done or inbound.is_automatic:
        return True
    if ticket.status == Status.CLOSED or ticket.solved_at is None:
        return False
    return timezone.now() - ticket.solved_at <= ticket.inbox.reopen_within


def _open_ticket(
    inbox: Inbox, inbound: InboundMessage, sender: Contact, past: Ticket | None
) -> Message:
    number = reference.new()
    ticket = Ticket.objects.create(
        reference=number,
        inbox=inbox,
        requester=sender,
        team_id=inbox.team_id,
        subject=(inbound.subject or inbound.text.strip().split("\n")[0][:80])[:SUBJECT_LENGTH],
        preview=preview_of(inbound.text),
        thread=inbound.thread[:255],
        language=inbound.language,
        category=Category.objects.filter(slug=inbound.category).first()
        if inbound.category
        else None,
        continues=past,
        waiting_since=None if inbound.is_automatic else timezone.now(),
        active_at=timezone.now(),
    )
    TicketReference.objects.create(number=number, ticket=ticket)
    message = _create_message(ticket, inbound, sender, Message.Author.REQUESTER)
    fault_point("intake.message_created")
    opened = TicketOpened(
        ticket_id=ticket.pk,
        message_id=message.pk,
        never_acknowledge=inbound.never_acknowledge,
        is_verified=inbound.is_verified,
        continues_id=past.pk if past else None,
    )
    _add_participants(ticket, inbound.participants)
    received = MessageReceived(
        ticket_id=ticket.pk, message_id=message.pk, is_automatic=inbound.is_automatic
    )
    ticket.last_event_id = publish(opened, received, audience=ticket.audience)
    ticket.save(update_fields=["last_event_id"])
    return message


def _add_to(ticket: Ticket, inbound: InboundMessage, sender: Contact) -> Message:
    message = _create_message(ticket, inbound, sender, _author(ticket, inbound, sender))
    events: list[TicketEvent] = [
        MessageReceived(
            ticket_id=ticket.pk, message_id=message.pk, is_automatic=inbound.is_automatic
        )
    ]
    if not inbound.is_automatic:
        events += _hand_to_agents(ticket)
    ticket.preview = preview_of(inbound.text)
    ticket.last_event_id = publish(*events, audience=ticket.audience)
    ticket.save(update_fields=[*STATUS_FIELDS, "preview", "active_at", "last_event_id"])
    return message


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


def _create_message(
    ticket: Ticket, inbound: InboundMessage, sender: Contact, author: Message.Author
) -> Message:
    latest = timezone.now() + timedelta(minutes=5)
    message = Message.objects.create(
        ticket=ticket,
        inbox=ticket.inbox,
        direction=Message.Direction.INBOUND,
        author=author,
        contact=sender,
        channel=inbound.sender.kind,
        text=inbound.text,
        quoted=inbound.quoted,
        html=inbound.html,
        external_id=inbound.external_id[:255],
        is_automatic=inbound.is_automatic,
        is_verified=inbound.is_verified,
        receipt_id=inbound.receipt_id,
        sent_at=min(inbound.sent_at, latest),
    )
    add_files(message, inbound)
    return message


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
