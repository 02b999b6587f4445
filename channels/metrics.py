"""``/metrics``: what Prometheus and its kin ask for, behind a token of its own."""

from __future__ import annotations

import hmac
from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from channels.mailboxes.health import exposition
from support import web

_LIMIT, _WINDOW = 120, timedelta(minutes=1)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """404 without a token in the settings: then there is no such page."""
    if not settings.HARBOUR_METRICS_TOKEN:
        raise Http404
    if refusal := web.limited(request, "metrics", limit=_LIMIT, window=_WINDOW):
        return refusal
    wanted = f"Bearer {settings.HARBOUR_METRICS_TOKEN}".encode()
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, wanted):
        return HttpResponse(
            "a bearer token is needed\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
