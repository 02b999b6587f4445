"""Small pages that belong to none of the stories."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.i18n import set_language

from portal.csrf import from_quiet_page

_CLOSED = ("/status/", "/received/", "/console/", "/accounts/", "/admin/", "/api/", "/hooks/")


@cache_control(max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")


@cache_control(max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponsePermanentRedirect(static("portal/favicon.svg"))


@from_quiet_page
def language(request: HttpRequest) -> HttpResponse:
    """Change the language of the pages, also from a page whose address is a secret."""
    return set_language(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """The last page: needs neither the database nor a session."""
    context = {"request_id": request.META.get("HARBOUR_REQUEST_ID", "")}
    return render(request, "500.html", context, status=500)
