"""A new request by the web form, and the page that shows its number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from people.models import Identity
from people.operations import Address
from portal.away import told_when_away
from portal.forms import NumberForm, RequestForm
from support import crypto, ratelimit, secrets_guard
from support.language import supported
from support.web import client_ip, limited, too_many
from tickets import files as storage
from tickets import reference
from tickets.inbound import InboundFile, InboundMessage
from tickets.models import Inbox, Message, Ticket
from tickets.operations.intake import receive_message

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_CLIENT = 20
#: Megabytes of files that one client may send in an hour.
UPLOADS_PER_CLIENT = 500
RECEIVED = "harbour_received"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@told_when_away
def start(request: HttpRequest) -> HttpResponse:
    """The first page: a new request, or the state of an old one."""
    return _new_request(request) if request.method == "POST" else _show(request, RequestForm())


def _show(request: HttpRequest, form: RequestForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "number_form": NumberForm()}
    return render(request, "portal/start.html", context, status=status)


def _new_request(request: HttpRequest) -> HttpResponse:
    form = RequestForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, form, status=422)
    if refusal := limited(request, "new-request", limit=PER_CLIENT, window=HOUR):
        return refusal
    if refusal := too_much(request, form.cleaned_data["files"]):
        return refusal
    address = Address.email(form.cleaned_data["email"], form.cleaned_data["name"])
    verdict = ratelimit.hit(
        f"open:{address.value}", limit=settings.HARBOUR_SENDER_RATE, window=HOUR
    )
    if not verdict.allowed:
        return too_many(request, verdict.retry_after)
    message, removed = _file(form, address)
    response = redirect("portal:received", number=message.ticket.reference)
    seen: dict[str, str | int] = {"t": message.ticket_id, "r": int(bool(removed))}
    response.set_cookie(
        RECEIVED,
        crypto.sign("received", seen, max_age=DAY),
        max_age=DAY,
        path="/received/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def too_much(request: HttpRequest, uploads: Sequence[UploadedFile[bytes]]) -> HttpResponse | None:
    """A 429 page for a client who sends more bytes than anybody needs to."""
    megabytes = sum(upload.size or 0 for upload in uploads) // 1_000_000
    key = f"uploads:{ratelimit.client_key(client_ip(request))}"
    verdict = ratelimit.hit(key, limit=UPLOADS_PER_CLIENT, window=HOUR, cost=megabytes)
    return None if verdict.allowed else too_many(request, verdict.retry_after)


def _file(form: RequestForm, address: Address) -> tuple[Message, list[str]]:
    """File the request; also the kinds of secrets that were taken out of it."""
    inbox = Inbox.objects.filter(channel="web").first() or Inbox.objects.first()
    if inbox is None:
        raise NoInbox("no inbox is set up yet")
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


class NoInbox(OperationalError):
    """Harbour is not set up yet: nothing can be taken in at the moment."""


def kept_files(uploads: Sequence[UploadedFile[bytes]]) -> tuple[InboundFile, ...]:
    """Store uploads. Raises ``OSError`` when storage is away."""
    return tuple(storage.store(upload.name or "file", upload.read()) for upload in uploads)


@never_cache
@require_http_methods(["GET", "HEAD"])
@told_when_away
def received(request: HttpRequest, number: str) -> HttpResponse:
    """The number, what happens next and when; for the browser that sent the request."""
    try:
        seen = crypto.verify("received", request.COOKIES.get(RECEIVED, ""))
    except crypto.BadToken:
        return redirect("portal:status", number=number)
    ticket = Ticket.objects.by_reference(reference.normalise(number) or "")
    if ticket is None or ticket.pk != seen["t"]:
        return redirect("portal:status", number=number)
    proved = Identity.objects.filter(
        contact_id=ticket.requester_id, kind="email", verified_at__isnull=False
    ).exists()
    context = {"ticket": ticket, "has_proof": proved, "was_redacted": bool(seen["r"])}
    return quiet(render(request, "portal/received.html", context))


def quiet(response: HttpResponse) -> HttpResponse:
    """A page whose address is nobody else's business: no other site is told of it."""
    response["Referrer-Policy"] = "no-referrer"
    return response
