"""What follows when mail does not reach somebody: a note says so, and offers another way."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from channels.refusals import explain
from people.models import Contact, Identity
from people.operations import Address, find_identity
from tickets.events import AddressStopped, MessageUndeliverable
from tickets.models import Message, Status, Ticket
from tickets.operations.lifecycle import set_status
from tickets.operations.reply import add_note
from tickets.operations.turns import unanswer

_NOT_OURS = (Status.PENDING, Status.ON_HOLD, Status.SOLVED)


@transaction.atomic
def hand_back(event: MessageUndeliverable) -> None:
    """A reply did not arrive: the agent reads why, and the ticket waits for us again."""
    if event.is_unknown:
        return
    message = Message.objects.select_related("ticket__requester", "ticket__assignee").get(
        pk=event.message_id
    )
    ticket = message.ticket
    _note(ticket, event.address, event.reason)
    is_reply = message.side_thread_id is None and not event.of_copy
    if not is_reply:
        return
    if ticket.status in _NOT_OURS:
        set_status(ticket, Status.OPEN, actor=None, reason="undelivered")
    unanswer(ticket)


@transaction.atomic
def note_stopped(event: AddressStopped) -> None:
    """Automatic mail bounced for good, so no more is sent: agents should know before they write."""
    rows = Ticket.objects.select_related("requester", "assignee", "merged_into")
    ticket = rows.get(pk=event.ticket_id)
    _note(ticket.merged_into or ticket, event.address, event.reason)


def _note(ticket: Ticket, address: str, reason: str) -> None:
    agent = ticket.assignee
    with override((agent.language if agent else "") or settings.LANGUAGE_CODE):
        add_note(ticket, _words(ticket.requester, address, reason), actor=None)


def _words(requester: Contact, address: str, reason: str) -> str:
    is_mail = "@" in address
    identity = find_identity(Address.email(address)) if is_mail else None
    told = {"address": address, "reason": explain(reason)}
    lines = [
        _("Mail to %(address)s did not arrive: %(reason)s") % told
        if is_mail
        else _("The reply did not go out: %(reason)s") % told
    ]
    if identity is not None and identity.undeliverable_at is not None:
        lines.append(_("We write to this address again once its owner has written to us."))
    if others := other_ways(identity.contact if identity else requester, address):
        named = ", ".join(f"{other.value} ({other.kind})" for other in others)
        lines.append(_("Another way to reach them: %(ways)s") % {"ways": named})
    return "\n".join(lines)


def other_ways(contact: Contact, address: str) -> list[Identity]:
    """The contact's addresses, on any channel, that are not known to be dead."""
    alive = contact.identities.filter(undeliverable_at=None).order_by("pk")
    return [each for each in alive if (each.kind, each.value) != ("email", address.lower())]
