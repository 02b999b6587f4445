"""What a token may see. Every view starts here, and from nowhere else."""

from __future__ import annotations

import uuid

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from api.models import ApiToken
from api.problems import Problem
from people.models import Contact, Identity, Team, User
from tickets import reference
from tickets.models import Attachment, Category, Inbox, Message, Ticket

_EMAILS = Prefetch(
    "requester__identities",
    Identity.objects.filter(kind="email").order_by("verified_at", "pk"),
    to_attr="emails",
)


def tickets_of(token: ApiToken) -> QuerySet[Ticket]:
    """Its agent's tickets; all, if it acts for none."""
    if token.agent is None:
        return Ticket.objects.all()
    return Ticket.objects.visible_to(token.agent)


def with_parts(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """``tickets`` with all that is shown of one, in three queries however many they are."""
    parts = ("inbox", "requester", "team", "assignee", "category", "continues")
    return tickets.select_related(*parts).prefetch_related("tags", _EMAILS)


def shown(ticket: Ticket) -> Ticket:
    """The ticket as it is now, with its parts; for who has just changed it."""
    return with_parts(Ticket.objects.filter(pk=ticket.pk)).get()


def ticket_by_number(token: ApiToken, number: str) -> Ticket:
    """The ticket a number leads to, merges followed. 404 for none and for a hidden one."""
    digits = reference.normalise(number)
    found = with_parts(tickets_of(token)).filter(references__number=digits).first()
    if digits is None or found is None:
        raise Http404
    return found


def messages_of(ticket: Ticket) -> QuerySet[Message]:
    """Notes too; never a side thread's, nor what was taken back: others may read along."""
    thread = ticket.messages.filter(side_thread=None, withdrawn_at=None)
    thread = thread.select_related("contact", "agent", "ticket")
    return thread.prefetch_related("attachments", "deliveries")


def contacts_of(token: ApiToken) -> QuerySet[Contact]:
    """Contacts belong to the whole house: whoever may read contacts may read each."""
    return Contact.objects.prefetch_related("identities")


def attachment(token: ApiToken, public_id: uuid.UUID) -> Attachment:
    """404 unless it belongs to a ticket the token sees."""
    visible = Attachment.objects.filter(message__ticket__in=tickets_of(token))
    visible = visible.filter(message__side_thread=None, message__withdrawn_at=None)
    found = visible.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def teams() -> QuerySet[Team]:
    return Team.objects.all()


def agents() -> QuerySet[User]:
    return User.objects.filter(is_active=True).prefetch_related("teams")


def categories() -> QuerySet[Category]:
    return Category.objects.all()


def inboxes() -> QuerySet[Inbox]:
    return Inbox.objects.select_related("team")


def default_inbox() -> Inbox:
    """Where a ticket opened here goes if the caller names no inbox: the API's, or the first."""
    inbox = Inbox.objects.filter(channel="api").order_by("pk").first()
    inbox = inbox or Inbox.objects.order_by("pk").first()
    if inbox is None:
        raise Problem("unavailable", _("No inbox is set up yet."))
    return inbox
