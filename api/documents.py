"""The API described: OpenAPI, two readers of it, a word on each error, and what is not there."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from api import limits, problems
from api.codes import TITLES
from api.problems import Problem


@cache
def document() -> str:
    """The OpenAPI document. It is the code's, so it is made once a process."""
    with translation.override("en"):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    if not (quota := limits.of_client(request, "documents", 120)).allowed:
        return problems.answer(limits.too_often(quota.resets_in), request)
    return HttpResponse(document(), content_type="application/json")


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    return render(request, "api/swagger.html")


@csp_update({"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]})
@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    return render(request, "api/redoc.html")


@require_safe
def error(request: HttpRequest, code: str) -> JsonResponse:
    """Where a problem's ``type`` leads."""
    if code not in TITLES:
        return problems.answer(Problem("not_found"), request)
    status, title = TITLES[code]
    return JsonResponse({"code": code, "status": status, "title": str(title)})


@csrf_exempt
def nowhere(request: HttpRequest, path: str = "") -> JsonResponse:
    """Any other address under /api/."""
    return problems.answer(Problem("not_found"), request)
