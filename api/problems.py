"""Every error of the API in one shape: RFC 9457, ``application/problem+json``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from api.codes import TITLES
from tickets.exceptions import IllegalTransition, StaleTicket, TicketError

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
#: A body can hold more faults than anybody reads.
MOST_FAULTS, LONGEST_POINTER = 50, 200


class Detail(TypedDict):
    """One fault: ``pointer`` leads to it in the body, or in ``/query``, ``/header``."""

    code: str
    detail: str
    pointer: str


class Problem(exceptions.APIException):
    """An error with a code of ``api.codes``. Its title and status come from there."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: list[Detail] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.status_code, title = TITLES[code]
        self.errors = errors or []
        self.headers = dict(headers or {})
        super().__init__(detail or str(title), code)


def at(pointer: str, detail: str, *, code: str = "invalid") -> list[Detail]:
    """A single fault, for ``Problem(errors=...)``."""
    return [Detail(code=code, detail=detail, pointer=pointer)]


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler. What it does not know is logged and told as a plain 500."""
    request: Request = context["request"]
    problem = _understand(error)
    if problem.status_code >= 500:
        logger.error("%s %s failed", request.method, request.path, exc_info=error)
    headers = {**problem.headers, "Cache-Control": "no-store"}
    if challenge := getattr(error, "auth_header", ""):
        headers["WWW-Authenticate"] = challenge
    body = _body(problem, request)
    return Response(body, problem.status_code, headers=headers, content_type=CONTENT_TYPE)


def answer(problem: Problem, request: HttpRequest) -> JsonResponse:
    """The same outside of DRF's views."""
    body = _body(problem, request)
    return JsonResponse(body, status=problem.status_code, content_type=CONTENT_TYPE)


def _body(problem: Problem, request: Request | HttpRequest) -> dict[str, Any]:
    return {
        "type": f"{settings.HARBOUR_URL}/api/v1/errors/{problem.code}",
        "title": str(TITLES[problem.code][1]),
        "status": problem.status_code,
        "detail": str(problem.detail),
        "instance": request.path,
        "request_id": request.META.get("HARBOUR_REQUEST_ID", ""),
        "errors": problem.errors[:MOST_FAULTS],
    }


def _understand(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.ValidationError):
        errors = list(_faults(error.get_full_details(), ""))
        return Problem("validation_error", errors[0]["detail"] if errors else "", errors=errors)
    if isinstance(error, exceptions.Throttled):
        wait = max(1, int((getattr(error, "wait", 0) or 1) + 0.999))
        return Problem("rate_limited", headers={"Retry-After": str(wait)})
    if isinstance(error, StaleTicket):
        return Problem("stale_ticket", str(error))
    if isinstance(error, TicketError):
        code = "illegal_transition" if isinstance(error, IllegalTransition) else "refused"
        return Problem(code, str(error))
    return _from_framework(error)


_BY_TYPE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (exceptions.NotAuthenticated, "not_authenticated"),
    (exceptions.AuthenticationFailed, "invalid_token"),
    ((exceptions.PermissionDenied, PermissionDenied), "forbidden"),
    ((exceptions.NotFound, Http404), "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (RequestDataTooBig, "too_large"),
    ((exceptions.ParseError, SuspiciousOperation), "malformed"),
)


def _from_framework(error: Exception) -> Problem:
    for kind, code in _BY_TYPE:
        if isinstance(error, kind):
            said = getattr(error, "detail", "")
            return Problem(code, said if isinstance(said, str) else "")
    if isinstance(error, (OperationalError, InterfaceError)):
        return Problem("unavailable", headers={"Retry-After": "5"})
    return Problem("internal_error", _("It was logged under the request id."))


def _faults(details: Any, pointer: str) -> Iterator[Detail]:
    """DRF's nested details, flat, each with its JSON pointer (RFC 6901)."""
    if isinstance(details, Mapping) and isinstance(details.get("message"), str):
        yield Detail(
            code=details["code"], detail=str(details["message"]), pointer=pointer[:LONGEST_POINTER]
        )
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from _faults(
                inner, pointer if name == "non_field_errors" else f"{pointer}/{step}"
            )
    elif isinstance(details, list):
        for position, inner in enumerate(details):
            is_fault = isinstance(inner, Mapping) and isinstance(inner.get("message"), str)
            yield from _faults(inner, pointer if is_fault else f"{pointer}/{position}")
