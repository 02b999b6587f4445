"""What customers see while the database or the file storage is away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

RETRY_AFTER = 30
KEPT = ("token", "subject", "text", "name", "email", "category", "language")


def told_when_away(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Answer 503 in plain words, and give back what was typed so that it can be sent again."""

    @wraps(view)
    def told(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (OperationalError, InterfaceError, OSError):
            return away(request)

    return told


def away(request: HttpRequest) -> HttpResponse:
    kept = [(name, request.POST[name]) for name in KEPT if name in request.POST]
    context = {"kept": kept, "text": request.POST.get("text", ""), "had_files": bool(request.FILES)}
    response = render(request, "503.html", context, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response
