"""A ticket as its first message makes it, and who takes part in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from people.models import Contact, Identity
from people.operations import Address, lock_contacts
from tickets import reference
from tickets.inbound import InboundMessage
from tickets.models import Category, Inbox, Participant, Status, Ticket
from tickets.operations.content import preview_of

SUBJECT_LENGTH = 255
#: Most people who take part in a ticket, and most that one mail may make us know (rule 40).
MOST_PARTICIPANTS, MOST_STRANGERS = 48, 10


def new_ticket(
    inbox: Inbox, inbound: InboundMessage, sender: Contact, past: Ticket | None
) -> Ticket:
    """Not saved yet. One for an imported message is closed, and as old as that."""
    category = Category.objects.filter(slug=inbound.category).first() if inbound.category else None
    subject = inbound.subject
    if past is not None:  # its number must not lead back there (rule 18)
        subject = reference.without(subject) or subject
    ticket = Ticket(
        reference=reference.new(),
        inbox=inbox,
        requester=sender,
        team_id=inbox.team_id,
        subject=(subject or inbound.text.strip().split("\n")[0][:80])[:SUBJECT_LENGTH],
        preview=preview_of(inbound.text),
        thread=inbound.thread[:255],
        language=inbound.language,
        category=category,
        continues=past,
        waiting_since=None if inbound.is_automatic else timezone.now(),
        active_at=timezone.now(),
    )
    if inbound.is_imported:
        at = moment_of(inbound)
        ticket.status, ticket.waiting_since = Status.CLOSED, None
        ticket.created_at = ticket.active_at = ticket.solved_at = at
    return ticket


def moment_of(inbound: InboundMessage) -> datetime:
    """When an imported message was written, as far as its date can be true."""
    return min(inbound.sent_at, timezone.now())


def add_participants(ticket: Ticket, addresses: Sequence[Address]) -> None:
    """Those copied on the first mail take part; a stranger's later copy does not count."""
    wanted = {address.key: address for address in addresses[:MOST_PARTICIPANTS]}
    if not wanted:
        return
    values = [address.value for address in wanted.values()]
    rows = Identity.objects.filter(value__in=values).values_list("kind", "value", "contact_id")
    known = {(kind, value): contact for kind, value, contact in rows}
    strangers = [wanted[key] for key in wanted if key not in known][:MOST_STRANGERS]
    met = {contact.pk for contact in lock_contacts(strangers).values()} if strangers else set()
    people = {known[key] for key in wanted if key in known} | met
    Participant.objects.bulk_create(
        (
            Participant(ticket=ticket, contact_id=contact)
            for contact in sorted(people - {ticket.requester_id})
        ),
        ignore_conflicts=True,
    )
