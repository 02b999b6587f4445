"""What could not be filed or sent: look at it, try it again, or put it away."""

from __future__ import annotations

from io import BytesIO

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import quarantine
from console.frame import frame
from console.gate import agent_of, agents_only
from support.web import download

PAGE = 50
SHOWN_BYTES = 64 * 1024


@agents_only("quarantine.work")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    try:
        rows = quarantine.listing(PAGE + 1, request.GET.get("before", ""))
    except ValueError:
        rows = quarantine.listing(PAGE + 1)
    more = rows[PAGE - 1].cursor if len(rows) > PAGE else ""
    context = {**frame(request, "quarantine"), "rows": rows[:PAGE], "more": more}
    return render(request, "console/quarantine.html", context)


@agents_only("quarantine.work")
@require_GET
def one(request: HttpRequest, item_id: str) -> HttpResponse:
    """One item with its error, and the start of its payload as text."""
    try:
        item = quarantine.find(item_id)
    except quarantine.NotQuarantined:
        raise Http404 from None
    payload = ""
    if item.kind == "receipt":
        payload = quarantine.raw(item_id)[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    context = {**frame(request, "quarantine"), "row": item, "payload": payload}
    return render(request, "console/quarantined.html", context)


@agents_only("quarantine.work")
@require_GET
def raw(request: HttpRequest, item_id: str) -> FileResponse:
    """The payload exactly as it came, to download; nothing in it can run."""
    try:
        content = quarantine.raw(item_id)
    except quarantine.NotQuarantined:
        raise Http404 from None
    return download(f"{item_id}.txt", "text/plain; charset=utf-8", BytesIO(content))


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
