"""What a message holds besides its text: files, its HTML in a sealed frame, the raw mail."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from io import BytesIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from channels.models import Receipt
from console.frame import frame as page_frame
from console.gate import agent_of, agents_only
from support import html
from support.web import download
from tickets.files import open_file
from tickets.models import Attachment, Message, Ticket

_FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src 'self' data:; style-src 'unsafe-inline'"
)


def _message(request: HttpRequest, pk: int) -> Message:
    visible = Ticket.objects.visible_to(agent_of(request))
    return get_object_or_404(Message.objects.select_related("ticket"), pk=pk, ticket__in=visible)


@agents_only()
@require_GET
def attachment(request: HttpRequest, public_id: uuid.UUID) -> FileResponse:
    """A file, for agents who may see its ticket; pictures of safe kinds may be shown."""
    visible = Ticket.objects.visible_to(agent_of(request))
    file = get_object_or_404(Attachment, public_id=public_id, message__ticket__in=visible)
    try:
        content = open_file(file.key)
    except FileNotFoundError:
        raise Http404 from None
    response = download(file.name, file.content_type, content)
    if request.GET.get("show") and file.is_image:
        response["Content-Disposition"] = "inline"
    return response


@agents_only()
@xframe_options_sameorigin
@require_GET
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """A message's HTML, cleaned now, in a document that may run and load nothing."""
    message = _message(request, pk)
    pictures = {
        file.content_id.strip(
            "<>"
        ): f"{reverse('console:attachment', args=[file.public_id])}?show=1"
        for file in message.attachments.exclude(content_id="")
        if file.is_image
    }
    return sealed(message.html, pictures, lang=message.ticket.language or "en")


def sealed(
    source: str, pictures: Mapping[str, str] | None = None, lang: str = "en"
) -> HttpResponse:
    """A stranger's HTML, cleaned, as a document for a frame."""
    clean = html.place_pictures(html.sanitise(source), pictures or {})
    response = HttpResponse(html.frame_document(clean, lang=lang))
    response._csp_exempt = True  # type: ignore[attr-defined]  # django-csp's own switch
    response["Content-Security-Policy"] = _FRAME_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


@agents_only()
@require_GET
def original(request: HttpRequest, pk: int) -> FileResponse | HttpResponse:
    """The raw mail exactly as it came, as long as it is kept."""
    message = _message(request, pk)
    receipt = get_object_or_404(Receipt, pk=message.receipt_id)
    if not receipt.body:
        context = {**page_frame(request, ""), "message": message, "inbox": message.ticket.inbox}
        return render(request, "console/forgotten.html", context, status=410)
    return download(f"message-{pk}.eml", "text/plain; charset=utf-8", BytesIO(receipt.body))
