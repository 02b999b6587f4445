"""A new request by the web form, and the page that shows its number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from people.models import Identity
from people.operations import Address
from portal.forms import NumberForm, RequestForm
from support import crypto, ratelimit, secrets_guard
from support.language import supported
from support.web import limited, too_many
from tickets import files as storage
from tickets.inbound import InboundFile, InboundMessage
from tickets.models import Inbox, Message, Ticket
from tickets.operations.intake import receive_message

HOUR = timedelta(hours=1)
PER_CLIENT = 20
_RECEIVED = "received"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The first page: a new request, or the state of an old one."""
    try:
        return _new_request(request) if request.method == "POST" else _show(request, RequestForm())
    except (OperationalError, OSError):
        kept = {key: request.POST.get(key, "") for key in ("subject", "text", "email")}
        return render(request, "portal/away.html", {"kept": kept}, status=503)


def _show(request: HttpRequest, form: RequestForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "number_form": NumberForm(),
        "most_files": settings.HARBOUR_UPLOAD_COUNT,
        "most_bytes": settings.HARBOUR_UPLOAD_LIMIT,
    }
    return render(request, "portal/start.html", context, status=status)


def _new_request(request: HttpRequest) -> HttpResponse:
    form = RequestForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, form, status=422)
    if refusal := limited(request, "new-request", limit=PER_CLIENT, window=HOUR):
        return refusal
    address = Address.email(form.cleaned_data["email"], form.cleaned_data["name"])
    verdict = ratelimit.hit(
        f"open:{address.value}", limit=settings.HARBOUR_SENDER_RATE, window=HOUR
    )
    if not verdict.allowed:
        return too_many(request, verdict.retry_after)
    message, removed = _file(form, address)
    seen: dict[str, str | int] = {"t": message.ticket_id, "r": int(bool(removed))}
    token = crypto.sign(_RECEIVED, seen, max_age=timedelta(hours=24))
    return redirect("portal:received", token=token)


def _file(form: RequestForm, address: Address) -> tuple[Message, list[str]]:
    """File the request; also the kinds of secrets that were taken out of it."""
    inbox = Inbox.objects.filter(channel="web").first() or Inbox.objects.first()
    if inbox is None:
        raise DatabaseOff("no inbox is set up yet")
    values = form.cleaned_data
    text, removed = secrets_guard.redact(values["text"])
    subject, also = secrets_guard.redact(values["subject"])
    inbound = InboundMessage(
        external_id=form.external_id,
        sender=address,
        subject=" ".join(subject.split()),
        text=text,
        sent_at=datetime.now(UTC),
        category=values["category"].slug if values["category"] else "",
        language=supported(values["language"] or "en"),
        files=kept_files(values["files"]),
        meta={"door": "web"},
    )
    return receive_message(inbox, inbound), removed + also


class DatabaseOff(OperationalError):
    """Nothing can be stored at the moment."""


def kept_files(uploads: list[UploadedFile]) -> tuple[InboundFile, ...]:
    """Store uploads. Raises ``OSError`` when storage is away."""
    return tuple(storage.store(upload.name or "file", upload.read()) for upload in uploads)


@never_cache
@require_http_methods(["GET", "HEAD"])
def received(request: HttpRequest, token: str) -> HttpResponse:
    """The number, what happens next and when. Only this browser knows the address."""
    try:
        payload = crypto.verify(_RECEIVED, token)
        ticket = Ticket.objects.select_related("inbox").get(pk=payload["t"])
    except (crypto.BadToken, Ticket.DoesNotExist):
        raise Http404 from None
    proved = Identity.objects.filter(
        contact_id=ticket.requester_id, kind="email", verified_at__isnull=False
    ).exists()
    context = {"ticket": ticket, "has_proof": proved, "was_redacted": bool(payload["r"])}
    return quiet(render(request, "portal/received.html", context))


def quiet(response: HttpResponse) -> HttpResponse:
    """A page whose address is a secret: nobody is told of it."""
    response["Referrer-Policy"] = "no-referrer"
    return response
