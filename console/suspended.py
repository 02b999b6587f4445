"""Suspended mail: why it was kept from the queue, and what is to become of it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from channels import suspended
from channels.mail.parsed import ParsedMail
from channels.models import Receipt
from console.content import sealed
from console.frame import frame
from console.gate import agent_of, agents_only
from people.models import User
from support.html import html_to_text
from support.secrets_guard import redact
from support.web import download
from tickets import reference
from tickets.models import Ticket

PAGE = 50
#: What each cause means, for whoever decides.
MEANING: dict[str, str | Promise] = {
    Receipt.Cause.LOOP: gettext_lazy("Our own mail came back, or it comes from our own address."),
    Receipt.Cause.UNVERIFIED: gettext_lazy(
        "Our mail server says that the sender's domain did not send it. It may be forged."
    ),
    Receipt.Cause.SENDER_LIMIT: gettext_lazy("One sender opened too many tickets in an hour."),
    Receipt.Cause.TOO_LARGE: gettext_lazy("It is larger than we take."),
    Receipt.Cause.UNREADABLE: gettext_lazy("It is broken, or made to break what reads it."),
    Receipt.Cause.BLOCKED: gettext_lazy("Somebody here blocked the sender."),
    Receipt.Cause.SPAM: gettext_lazy("Our mail server takes it for spam."),
}


@dataclass(frozen=True)
class Choice:
    """A cause to look at alone, and how many there are."""

    value: str
    label: str
    count: int


@agents_only("quarantine.work")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    counts = suspended.counts()
    cause = request.GET.get("cause", "")
    cause = cause if cause in Receipt.Cause.values else ""
    sender = request.GET.get("sender", "").strip()[:254]
    before = request.GET.get("before", "")
    rows = suspended.listing(
        PAGE + 1, before=int(before) if before.isdecimal() else 0, cause=cause, sender=sender
    )
    context = {
        **frame(request, "suspended"),
        "rows": rows[:PAGE],
        "more": rows[PAGE - 1].pk if len(rows) > PAGE else "",
        "choices": [Choice(c.value, str(c.label), counts.get(c, 0)) for c in Receipt.Cause],
        "total": sum(counts.values()),
        "cause": cause,
        "sender": sender,
        "meaning": MEANING.get(cause, ""),
        "blocked": suspended.blocked_senders()[:200],
    }
    return render(request, "console/suspended.html", context)


@agents_only("quarantine.work")
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail as far as it can be read, with everything that may be decided."""
    receipt = _found(pk)
    mail = suspended.preview(receipt)
    context = {
        **frame(request, "suspended"),
        "row": receipt,
        "mail": mail,
        "text": _text(mail),
        "has_html": bool(mail and _is_showable(mail.html)),
        "meaning": MEANING[receipt.cause],
        "domain": receipt.sender.rpartition("@")[2],
        "number": _number_in(receipt.subject, agent_of(request)),
    }
    return render(request, "console/suspended_mail.html", context)


@agents_only("quarantine.work")
@xframe_options_sameorigin
@require_GET
def mail_frame(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail's HTML, cleaned now, in a document that may run and load nothing."""
    mail = suspended.preview(_found(pk))
    if mail is None or not _is_showable(mail.html):
        raise Http404
    return sealed(mail.html)


@agents_only("quarantine.work")
@require_GET
def raw(request: HttpRequest, pk: int) -> FileResponse:
    """The mail exactly as it came, to download; nothing in it can run."""
    return download(f"suspended-{pk}.eml", "text/plain; charset=utf-8", BytesIO(_found(pk).body))


@agents_only("quarantine.work")
@require_POST
def decide(request: HttpRequest, pk: int, verdict: str) -> HttpResponse:
    """Release, file, block or delete; once."""
    decided = _VERDICTS.get(verdict)
    if decided is None:
        raise Http404
    try:
        told = decided(pk, request, agent_of(request))
    except suspended.NotSuspended:
        messages.warning(request, _("Somebody dealt with it already."))
    except suspended.NobodyToBlock:
        messages.error(request, _("This mail names no sender."))
    except LookupError:
        messages.error(request, _("There is no such ticket."))
        return redirect("console:suspended_mail", pk=pk)
    else:
        messages.success(request, told)
    return redirect(_back(request))


def _release(pk: int, request: HttpRequest, actor: User) -> str:
    suspended.release(pk, actor=actor)
    return _("Released: it is filed in a moment.")


def _file(pk: int, request: HttpRequest, actor: User) -> str:
    number = reference.normalise(request.POST.get("ticket", ""))
    ticket = Ticket.objects.by_reference(number) if number else None
    if ticket is None or not Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists():
        raise LookupError(number)
    suspended.file_on_ticket(pk, ticket, actor=actor)
    return _("It goes to %(number)s in a moment.") % {"number": ticket.number}


def _block(pk: int, request: HttpRequest, actor: User) -> str:
    value = suspended.block(pk, actor=actor, whole_domain=bool(request.POST.get("domain")))
    return _("%(sender)s is blocked.") % {"sender": value}


def _delete(pk: int, request: HttpRequest, actor: User) -> str:
    suspended.delete(pk, actor=actor)
    return _("Deleted.")


_VERDICTS = {"release": _release, "file": _file, "block": _block, "delete": _delete}


@agents_only("quarantine.work")
@require_POST
def delete_all(request: HttpRequest) -> HttpResponse:
    """Everything of a cause, or of a sender; never everything there is."""
    cause, sender = request.POST.get("cause", ""), request.POST.get("sender", "").strip()
    if cause not in Receipt.Cause.values and not sender:
        raise Http404
    count = suspended.delete_all(cause=cause, sender=sender, actor=agent_of(request))
    messages.success(request, _("%(count)s mails deleted.") % {"count": count})
    return redirect("console:suspended")


@agents_only("quarantine.work")
@require_POST
def unblock(request: HttpRequest) -> HttpResponse:
    value = request.POST.get("value", "")[:254]
    if suspended.unblock(value, actor=agent_of(request)):
        messages.success(request, _("%(sender)s may write again.") % {"sender": value})
    return redirect("console:suspended")


def _found(pk: int) -> Any:
    try:
        return suspended.find(pk)
    except suspended.NotSuspended:
        raise Http404 from None


def _back(request: HttpRequest) -> str:
    """The list as it was filtered."""
    kept = QueryDict(request.POST.get("query", "")[:600]).dict()
    query = urlencode({key: kept[key] for key in ("cause", "sender") if kept.get(key)})
    return f"{reverse('console:suspended')}{'?' if query else ''}{query}"


def _text(mail: ParsedMail | None) -> str:
    return redact(mail.text)[0] if mail else ""


def _is_showable(html: str) -> bool:
    return bool(html) and not redact(html_to_text(html))[1]


def _number_in(subject: str, agent: User) -> str:
    """A ticket's number that the subject names, where this agent may see that ticket."""
    for number in reference.find_all(subject)[:1]:
        ticket = Ticket.objects.by_reference(number)
        if ticket and Ticket.objects.visible_to(agent).filter(pk=ticket.pk).exists():
            return ticket.number
    return ""
