"""What a customer who proved themselves sees and does: read, add, solve, reopen, download."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from people.models import Contact
from people.operations import Address, email_of
from portal import access
from portal.away import told_when_away
from portal.csrf import from_quiet_page
from portal.forms import AddForm
from portal.progress import steps_of
from portal.requests import kept_files, quiet, too_much
from support import secrets_guard
from support.web import download, limited
from tickets import reference
from tickets.exceptions import TicketError
from tickets.files import open_file
from tickets.inbound import InboundMessage
from tickets.models import Attachment, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.intake import receive_message
from tickets.plain_status import plain_status, state_of


class MustProve(Exception):
    """This browser has not shown that the request is its user's."""


def _open(request: HttpRequest, number: str) -> tuple[Ticket, Contact]:
    normal = reference.normalise(number)
    ticket = Ticket.objects.by_reference(normal) if normal else None
    contact = access.contact_for(request, ticket) if ticket else None
    if ticket is None or contact is None:
        raise MustProve
    return ticket, contact


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@from_quiet_page
@told_when_away
def conversation(request: HttpRequest, number: str) -> HttpResponse:
    try:
        ticket, contact = _open(request, number)
    except MustProve:
        return redirect("portal:status", number=number)
    form = AddForm(request.POST, request.FILES) if request.method == "POST" else AddForm()
    if request.method == "POST" and form.is_valid():
        if refusal := limited(request, "add", limit=60, window=timedelta(hours=1)):
            return refusal
        if refusal := too_much(request, form.cleaned_data["files"]):
            return refusal
        return _add(request, ticket, contact, form)
    context = {**_context(ticket, contact), "form": form}
    status = 422 if form.is_bound else 200
    return quiet(render(request, "portal/conversation.html", context, status=status))


def _context(ticket: Ticket, contact: Contact) -> dict[str, Any]:
    said = list(
        ticket.messages.for_customers()
        .select_related("agent", "contact")
        .prefetch_related("attachments")
        .order_by("pk")
    )
    return {
        "ticket": ticket,
        "contact": contact,
        "told": plain_status(ticket.reference),
        "steps": steps_of(ticket, state_of(ticket), said),
        "said": said,
        "may_reopen": _may_reopen(ticket),
        "may_solve": not ticket.is_done,
        "is_over": ticket.is_done and not _may_reopen(ticket),
    }


def _may_reopen(ticket: Ticket) -> bool:
    """Afterwards, what the customer adds opens a new request that is linked to this one."""
    if ticket.status != Status.SOLVED or ticket.solved_at is None:
        return False
    return timezone.now() - ticket.solved_at <= ticket.inbox.reopen_within


def _add(request: HttpRequest, ticket: Ticket, contact: Contact, form: AddForm) -> HttpResponse:
    text, removed = secrets_guard.redact(form.cleaned_data["text"])
    address = email_of(contact)
    identity = contact.identities.order_by("pk").first()
    kind, value = ("email", address) if address else (identity.kind, identity.value)  # type: ignore[union-attr]
    message = receive_message(
        ticket.inbox,
        InboundMessage(
            external_id=form.external_id,
            sender=Address(kind, value, contact.name),
            text=text,
            sent_at=datetime.now(UTC),
            ticket_id=ticket.pk,
            subject=ticket.subject,
            language=ticket.language,
            is_verified=True,
            files=kept_files(form.cleaned_data["files"]),
            meta={"door": "status"},
        ),
    )
    messages.success(request, _("Thank you, we have it."))
    if removed:
        messages.warning(request, _("We removed what looked like a secret key. Never send one."))
    response = redirect("portal:conversation", number=message.ticket.reference)
    if message.ticket_id != ticket.pk:
        access.remember(request, response, access.Grant(message.ticket_id, contact.pk))
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@from_quiet_page
@told_when_away
def set_state(request: HttpRequest, number: str) -> HttpResponse:
    """The customer says it is solved, or that it is not."""
    if request.method != "POST":
        return redirect("portal:conversation", number=number)
    try:
        ticket, _contact = _open(request, number)
    except MustProve:
        return redirect("portal:status", number=number)
    solved = request.POST.get("state") == "solved"
    if not solved and not _may_reopen(ticket):
        messages.error(request, _("It is too late to reopen this. Please write to us below."))
        return redirect("portal:conversation", number=number)
    try:
        wanted = Status.SOLVED if solved else Status.OPEN
        lifecycle.set_status(ticket, wanted, actor=None, reason="customer")
        messages.success(
            request, _("Marked as solved.") if solved else _("Reopened. We will look at it again.")
        )
    except TicketError as error:
        messages.error(request, str(error))
    return redirect("portal:conversation", number=number)


@never_cache
@require_http_methods(["GET", "HEAD"])
@told_when_away
def file(request: HttpRequest, number: str, public_id: uuid.UUID) -> HttpResponseBase:
    """A file of the conversation, for those who may read it; an internal message's never."""
    try:
        ticket, _contact = _open(request, number)
    except MustProve:
        raise Http404 from None
    shown = ticket.messages.for_customers()
    attachment = get_object_or_404(Attachment, public_id=public_id, message__in=shown)
    try:
        content = open_file(attachment.key)
    except FileNotFoundError:
        raise Http404 from None
    return download(attachment.name, attachment.content_type, content)
