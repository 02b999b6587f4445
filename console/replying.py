"""Replies, notes and side threads, as an agent writes them, waits with them, takes them back."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from channels import withdrawal
from console import writing
from console.gate import agent_of
from console.writing import Done
from people.operations import Address
from support.secrets_guard import redact
from tickets.exceptions import TicketError
from tickets.inbound import InboundFile
from tickets.models import Attachment, Message, SideThread, Status, Ticket
from tickets.operations import side_threads, triage
from tickets.operations.reply import add_note, reply


def send(request: HttpRequest, ticket: Ticket) -> Done:
    """Reply now, or later; the next page offers to take it back."""
    after = Status(request.POST.get("after", Status.PENDING))
    text, send_at = writing.text(request), writing.wait_until(request)
    to, cc, bcc = (writing.people(request, name) for name in ("to", "cc", "bcc"))
    ticket.require_unchanged(writing.seen(request))
    files, agent = writing.files(request, ticket), agent_of(request)
    message = reply(
        ticket,
        text,
        actor=agent,
        status=after,
        seen=writing.seen(request),
        files=files,
        to=to,
        cc=cc,
        bcc=bcc,
        send_at=send_at,
        unless_answered=bool(request.POST.get("unless_answered")),
    )
    if ticket.assignee_id is None:
        triage.assign(ticket, agent, actor=agent)
    if send_at is None:
        return Done(query={"sent": str(message.pk)})
    return Done(_("It is sent on %(when)s.") % {"when": when(message)})


def when(message: Message) -> str:
    """In the business's time, as the choice was made."""
    if message.send_at is None:
        return ""
    here = timezone.localtime(message.send_at, timezone.get_default_timezone())
    return f"{date_format(here, 'Y-m-d H:i')} {here.tzname()}"


def note(request: HttpRequest, ticket: Ticket) -> Done:
    text, _removed = redact(writing.text(request))
    add_note(ticket, text, actor=agent_of(request), files=writing.files(request, ticket))
    return Done()


def withdraw(request: HttpRequest, ticket: Ticket) -> Done:
    """Take a reply back; its words go into the composer again if the agent goes on with them."""
    message = _own(request, ticket)
    withdrawal.withdraw(message, actor=agent_of(request))
    told = _("The reply is taken back. Nothing was sent.")
    return Done(told, {"draft": str(message.pk)} if request.POST.get("edit") else {})


def send_now(request: HttpRequest, ticket: Ticket) -> Done:
    if not withdrawal.send_now(_own(request, ticket)):
        raise TicketError(_("It does not wait any more."))
    return Done(_("It is being sent."))


def _own(request: HttpRequest, ticket: Ticket) -> Message:
    given = request.POST.get("message", "")
    found = ticket.messages.filter(pk=int(given)).first() if given.isdecimal() else None
    if found is None:
        raise TicketError(_("There is no such message."))
    return found


def forward(request: HttpRequest, ticket: Ticket) -> Done:
    """Begin a talk with somebody else about the ticket."""
    text, named = writing.text(request), writing.people(request, "third")
    if len(named) != 1:
        raise TicketError(_("Please name one address."))
    chosen = _chosen(ticket, request.POST.get("passes_on", ""))
    files = writing.files(request, ticket)
    if request.POST.get("with_files"):
        files += _files_of(chosen, ticket)
    message = side_threads.begin(
        ticket,
        named[0],
        text,
        actor=agent_of(request),
        subject=request.POST.get("subject", ""),
        files=files,
        forwards=chosen,
    )
    return Done(_("Sent to %(who)s.") % {"who": _who(named[0])}, _aside(message))


def _chosen(ticket: Ticket, given: str) -> list[Message]:
    """The messages to pass on; what is not between the customer and us is refused later."""
    if given == "all":
        return list(ticket.messages.public())
    return list(ticket.messages.filter(pk=int(given))) if given.isdecimal() else []


def _files_of(messages: list[Message], ticket: Ticket) -> list[InboundFile]:
    return writing.again(Attachment.objects.filter(message__in=messages), ticket)


def _who(address: Address) -> str:
    return address.name or address.value


def _aside(message: Message) -> dict[str, str]:
    return {"aside": str(message.side_thread_id)}


def answer_aside(request: HttpRequest, ticket: Ticket) -> Done:
    given = request.POST.get("side_thread", "")
    rows = SideThread.objects.filter(ticket=ticket).select_related("contact")
    thread = rows.filter(pk=int(given)).first() if given.isdecimal() else None
    if thread is None:
        raise TicketError(_("There is no such message."))
    files = writing.files(request, ticket)
    text, agent = writing.text(request), agent_of(request)
    message = side_threads.answer(thread, text, actor=agent, files=files)
    return Done(_("Sent to %(who)s.") % {"who": thread.contact}, _aside(message))
