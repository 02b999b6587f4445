"""Open breakers: every page of an administrator says so until somebody decides."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels import breaker
from console.gate import agent_of, agents_only


@agents_only("settings.edit")
@require_POST
def decide(request: HttpRequest, pk: int, verdict: str) -> HttpResponse:
    """Let held mail go, or discard it; once."""
    decided = {"resume": breaker.resume, "discard": breaker.discard}.get(verdict)
    if decided is None:
        raise Http404
    try:
        count = decided(pk, actor=agent_of(request))
    except breaker.NotOpen:
        messages.warning(request, _("Somebody decided already."))
    else:
        words = {
            "resume": _("Automatic mail goes out again; %(count)s held mails follow one by one."),
            "discard": _("Automatic mail goes out again; %(count)s held mails were discarded."),
        }
        messages.success(request, words[verdict] % {"count": count})
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else "console:home")
