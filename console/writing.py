"""What an agent wrote, as it comes out of the composer's form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.mail.addresses import parse_addresses
from people.operations import Address
from tickets import files as storage
from tickets.exceptions import TicketError
from tickets.inbound import InboundFile
from tickets.models import Attachment, Message, Ticket
from tickets.operations.recipients import MOST

TEXT_LENGTH = 100_000
_PICTURE_ID = re.compile(r"[A-Za-z0-9]{4,40}")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_MORNING = time(9)


@dataclass(frozen=True)
class Done:
    """What an action came to: words for the agent, and what the next page is to show."""

    told: str = ""
    query: dict[str, str] = field(default_factory=dict)


def seen(request: HttpRequest) -> int | None:
    """The last event on the page the agent wrote on."""
    given = request.POST.get("seen", "")
    return int(given) if given.isdecimal() else None


def text(request: HttpRequest) -> str:
    said = request.POST.get("text", "").strip()[:TEXT_LENGTH]
    if not said:
        raise TicketError(_("Please write something first."))
    return said


def people(request: HttpRequest, name: str) -> list[Address]:
    """The addresses in a line such as ``Ann <ann@example.org>, carl@example.net``."""
    line = request.POST.get(name, "")[:30_000].replace("\n", ",").replace("\r", "")
    pairs = parse_addresses(line.replace(";", ",").replace("，", ","), most=MOST + 1)
    return [Address.email(address or shown, shown if address else "") for shown, address in pairs]


def files(request: HttpRequest, ticket: Ticket) -> list[InboundFile]:
    """Uploads, pictures in their place, and files of a reply that was taken back."""
    uploads, pictures = request.FILES.getlist("files"), request.FILES.getlist("pictures")
    kept = _kept(ticket, request.POST.getlist("keep"))
    if len(uploads) + len(pictures) + len(kept) > settings.HARBOUR_UPLOAD_COUNT:
        raise TicketError(_("Too many files."))
    if any((upload.size or 0) > settings.HARBOUR_UPLOAD_LIMIT for upload in [*uploads, *pictures]):
        raise TicketError(_("A file is too large."))
    named = dict(zip(request.POST.getlist("picture_ids"), pictures, strict=False))
    return [
        *kept,
        *(storage.store(upload.name or "file", upload.read()) for upload in uploads),
        *(_picture(name, upload) for name, upload in named.items()),
    ]


def _picture(name: str, upload: UploadedFile[bytes]) -> InboundFile:
    """It is shown in its place only if its bytes are those of a picture."""
    content = upload.read()
    plain = storage.describe(upload.name or "picture", content)
    if plain.content_type not in _PICTURES or not _PICTURE_ID.fullmatch(name):
        return storage.store(upload.name or "picture", content)
    shown = {"content_id": name, "is_inline": True, "key": storage.keep(content)}
    return storage.describe(upload.name or "picture", content, **shown)  # type: ignore[arg-type]


def _kept(ticket: Ticket, ids: Iterable[str]) -> list[InboundFile]:
    wanted = [one for one in ids if re.fullmatch(r"[0-9a-f-]{36}", one)]
    return again(Attachment.objects.filter(public_id__in=wanted), ticket)


def again(attachments: Iterable[Attachment], ticket: Ticket) -> list[InboundFile]:
    """Files of the talk with the customer, to be sent once more; nothing internal."""
    talk = ticket.messages.filter(side_thread=None).exclude(direction=Message.Direction.NOTE)
    ids = [attachment.pk for attachment in attachments]
    return [
        InboundFile(
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
            key=file.key,
            content_id=file.content_id,
            is_inline=file.is_inline,
        )
        for file in Attachment.objects.filter(pk__in=ids, message__in=talk).order_by("pk")
        if file.key
    ]


#: When a reply may be sent, by the word the form sends.
LATER: dict[str, str | Promise] = {
    "1h": gettext_lazy("in 1 hour"),
    "tomorrow": gettext_lazy("tomorrow"),
    "monday": gettext_lazy("on Monday"),
}


def moment_of(word: str, now: datetime) -> datetime:
    """The business's morning is meant, where its clock says so (``TZ``)."""
    here = timezone.localtime(now, timezone.get_default_timezone())
    if word == "1h":
        return now + timedelta(hours=1)
    days = 1 if word == "tomorrow" else 7 - here.weekday()
    return timezone.make_aware(
        datetime.combine(here.date() + timedelta(days=days), _MORNING),
        timezone.get_default_timezone(),
    )


def later_choices() -> list[tuple[str, str | Promise, datetime]]:
    """What may be chosen, and when that is."""
    now = timezone.now()
    zone = timezone.get_default_timezone()
    return [(k, label, timezone.localtime(moment_of(k, now), zone)) for k, label in LATER.items()]


def wait_until(request: HttpRequest) -> datetime | None:
    """When the reply is to be sent; None: now."""
    word = request.POST.get("send_at", "")
    if not word:
        return None
    if word in LATER:
        return moment_of(word, timezone.now())
    try:
        chosen = datetime.fromisoformat(request.POST.get("send_on", ""))
    except ValueError:
        raise TicketError(_("Please choose a day and an hour.")) from None
    if timezone.is_aware(chosen):
        return chosen
    return timezone.make_aware(chosen, timezone.get_default_timezone())
