"""What could not be filed or sent: look at it, try it again, or put it away."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import quarantine
from channels.models import Receipt
from console.gate import agent_of, agents_only
from console.settings_pages import frame

PAGE = 100
SHOWN_BYTES = 64 * 1024


@agents_only("quarantine.work")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    items = quarantine.listing(PAGE)
    return render(
        request, "console/quarantine.html", {**frame(request, "quarantine"), "rows": items}
    )


@agents_only("quarantine.work")
@require_GET
def raw(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """The payload exactly as it came, as text; nothing in it can run."""
    receipt = Receipt.objects.filter(pk=receipt_id).first()
    if receipt is None:
        raise Http404
    response = HttpResponse(
        bytes(receipt.body)[:SHOWN_BYTES], content_type="text/plain; charset=utf-8"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = f'attachment; filename="receipt-{receipt_id}.txt"'
    return response


@agents_only("quarantine.work")
@require_POST
def decide(request: HttpRequest, item_id: str, verdict: str) -> HttpResponse:
    """Replay or discard one item."""
    operation = {"replay": quarantine.replay, "discard": quarantine.discard}.get(verdict)
    if operation is None:
        raise Http404
    try:
        operation(item_id, agent_of(request))
    except quarantine.NotQuarantined:
        messages.warning(request, _("Somebody dealt with it already."))
    else:
        told = _("It is tried again.") if verdict == "replay" else _("Put away.")
        messages.success(request, told)
    return redirect("console:quarantine")
