from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control


@cache_control(max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /status/", "Disallow: /received/", "Disallow: /console/"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain")


def server_error(request: HttpRequest) -> HttpResponse:
    """The last page: needs neither the database nor a session."""
    context = {"request_id": request.META.get("HARBOUR_REQUEST_ID", "")}
    return render(request, "500.html", context, status=500)
