"""Who may see which ticket on the customers' pages: proof by code or link, kept in a cookie."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from channels.automatic import send_access_code
from people.models import Contact, Identity
from people.operations import Address, verify
from portal.events import AccessAsked
from portal.models import AccessRequest
from support import crypto
from support.events import publish
from tickets.models import Ticket

CODE_LIFE = timedelta(minutes=15)
CODE_TRIES = 5
COOKIE = "harbour_access"
COOKIE_LIFE = timedelta(days=30)
MAX_GRANTS = 20


@dataclass(frozen=True)
class Grant:
    """Proof that this browser belongs to ``contact_id``, for one ticket."""

    ticket_id: int
    contact_id: int


@transaction.atomic
def ask(number: str, address: str, language: str) -> int:
    """Write the wish down; the same work whether or not number and address are right."""
    request = AccessRequest.objects.create(
        reference=number, address=Address.email(address).value, language=language
    )
    publish(AccessAsked(request_id=request.pk))
    return request.pk


@transaction.atomic
def answer(request_id: int) -> None:
    """Mail a code, if number and address belong together. Runs in a worker."""
    request = AccessRequest.objects.select_for_update().get(pk=request_id)
    ticket = Ticket.objects.by_reference(request.reference)
    identity = Identity.objects.filter(kind="email", value=request.address).first()
    if ticket is None or identity is None or request.code_mac:
        return
    if not takes_part(ticket, identity.contact_id):
        return
    code = f"{secrets.randbelow(10**6):06d}"
    request.ticket, request.contact_id = ticket, identity.contact_id
    request.code_mac = _mac(request_id, code)
    request.save(update_fields=["ticket", "contact_id", "code_mac"])
    token = crypto.sign("access-link", {"a": request_id}, max_age=CODE_LIFE)
    send_access_code(
        ticket,
        request.address,
        code=code,
        link=f"{settings.HARBOUR_URL}/status/open/{token}/",
        language=request.language,
    )


def takes_part(ticket: Ticket, contact_id: int) -> bool:
    if ticket.requester_id == contact_id:
        return True
    return ticket.participants.filter(contact_id=contact_id).exists()


def redeem_code(request_id: int, code: str) -> Grant | None:
    """The grant for the right code, once; a wrong one counts as a try."""
    mine = _open_requests().filter(pk=request_id)
    if not mine.update(tries=F("tries") + 1):  # counted first: tries at once are tries, too
        return None
    row = AccessRequest.objects.get(pk=request_id)
    digits = "".join(ch for ch in code if ch.isdigit())[:12]
    right = crypto.is_our_mac(row.code_mac or "-", "access-code", str(row.pk), digits)
    return _use(row) if right else None


def redeem_link(token: str) -> Grant | None:
    """The grant for a mailed link, once."""
    try:
        payload = crypto.verify("access-link", token)
    except crypto.BadToken:
        return None
    row = _open_requests().filter(pk=payload["a"]).exclude(code_mac="").first()
    return _use(row) if row else None


def redeem_status_link(token: str) -> Grant | None:
    """The grant for the link in an acknowledgement; good until it ages."""
    try:
        payload = crypto.verify("status-link", token)
    except crypto.BadToken:
        return None
    ticket = Ticket.objects.filter(pk=payload["t"]).first()
    if ticket is None or not takes_part(ticket, int(payload["c"])):
        return None
    return Grant(ticket.pk, int(payload["c"]))


def prove(contact_id: int) -> None:
    """The owner of this contact's only address used something that we mailed there."""
    emails = list(Identity.objects.filter(contact_id=contact_id, kind="email")[:2])
    if len(emails) == 1:
        verify(Address.email(emails[0].value))


def _open_requests() -> QuerySet[AccessRequest]:
    fresh = Q(asked_at__gt=timezone.now() - CODE_LIFE, used_at=None, tries__lt=CODE_TRIES)
    return AccessRequest.objects.filter(fresh)


def _use(row: AccessRequest) -> Grant | None:
    unused = AccessRequest.objects.filter(pk=row.pk, used_at=None)
    if not unused.update(used_at=timezone.now()) or row.ticket_id is None:
        return None
    verify(Address.email(row.address))
    return Grant(row.ticket_id, int(row.contact_id or 0))


def _mac(request_id: int, code: str) -> str:
    return crypto.short_mac("access-code", str(request_id), code)


def grants(request: HttpRequest) -> list[Grant]:
    """What this browser has proved."""
    try:
        held = str(crypto.verify("access", request.COOKIES.get(COOKIE, ""))["g"])
    except crypto.BadToken:
        return []
    pairs = [pair.split(":") for pair in held.split(",") if pair]
    return [Grant(int(ticket), int(contact)) for ticket, contact in pairs]


def remember(request: HttpRequest, response: HttpResponse, grant: Grant) -> None:
    """Let this browser see the ticket for 30 days."""
    held = [grant, *[each for each in grants(request) if each != grant]][:MAX_GRANTS]
    packed = ",".join(f"{each.ticket_id}:{each.contact_id}" for each in held)
    response.set_cookie(
        COOKIE,
        crypto.sign("access", {"g": packed}, max_age=COOKIE_LIFE),
        max_age=COOKIE_LIFE,
        path="/status/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path="/status/")


def contact_for(request: HttpRequest, ticket: Ticket) -> Contact | None:
    """Whom this browser has proved to be, for ``ticket``; None: it must prove itself.

    A grant for a ticket that was merged since counts for the survivor; whoever no longer
    takes part has lost it.
    """
    merged = set(ticket.merged.values_list("pk", flat=True)) | {ticket.pk}
    for grant in grants(request):
        if grant.ticket_id in merged and takes_part(ticket, grant.contact_id):
            return Contact.objects.filter(pk=grant.contact_id).first()
    return None


def number_of(grant: Grant) -> str:
    return Ticket.objects.values_list("reference", flat=True).get(pk=grant.ticket_id)
