"""What the OpenAPI document says of every operation alike: errors, headers, the token."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from api.codes import TITLES

_COMMON: Final = ("malformed", "not_acceptable", "rate_limited", "internal_error", "unavailable")
_WITH_TOKEN: Final = ("not_authenticated", "insufficient_scope")
_BY_METHOD: Final[dict[str, tuple[str, ...]]] = {
    "get": (),
    "post": ("call_in_flight", "too_large", "unsupported_media_type", "validation_error"),
    "patch": ("too_large", "unsupported_media_type", "validation_error"),
    "delete": ("validation_error",),
}
#: What takes ``If-Match``.
_GUARDED: Final = ("change_ticket", "add_message")
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail", "instance", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Ends in the error's code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string", "description": "Name it when you ask us."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail", "pointer"],
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "pointer": {
                        "type": "string",
                        "description": "Into the body, or into /query or /header.",
                    },
                },
            },
        },
    },
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.bearer.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`manage create_token NAME --scopes …` prints one.",
        }


def leave_out_aliases(endpoints: list[Any], **_: Any) -> list[Any]:
    """Each path is also answered with a slash at its end; the document names it once."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def add_shared_parts(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    result = _renamed(result)
    result["components"].setdefault("schemas", {})["Problem"] = _PROBLEM
    result["components"]["responses"] = {
        code: _problem(code)
        for code in sorted(
            {
                *_COMMON,
                *_WITH_TOKEN,
                "not_found",
                "stale_ticket",
                *(c for m in _BY_METHOD.values() for c in m),
            }
        )
    }
    result["components"]["headers"] = _HEADERS
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            _complete(operation, method, path)
    return result


_HEADERS: Final[dict[str, Any]] = {
    "RateLimit": {"schema": {"type": "string"}, "description": '`"token";r=599;t=60`: left.'},
    "RateLimit-Policy": {"schema": {"type": "string"}, "description": '`"token";q=600;w=60`'},
    "ETag": {"schema": {"type": "string"}, "description": "For `If-Match` and `If-None-Match`."},
}


def _renamed(result: dict[str, Any]) -> dict[str, Any]:
    """Our classes' suffixes say nothing to a reader of the document."""
    names = {name: _WRAPPED.sub(_inner, name) for name in result["components"]["schemas"]}
    text = json.dumps(result)
    for old, new in names.items():
        text = text.replace(f'"#/components/schemas/{old}"', f'"#/components/schemas/{new}"')
    renamed: dict[str, Any] = json.loads(text)
    schemas = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {names[old]: schemas[old] for old in sorted(schemas)}
    return renamed


_WRAPPED: Final = re.compile(r"(Paginated|Patched)?(\w+?)(?:Shape|Body)(List)?(Request)?")


def _inner(found: re.Match[str]) -> str:
    return f"{found[2]}Page" if found[1] == "Paginated" else found[2]


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    is_public = operation.get("security") in (None, [], [{}])
    codes = [*_COMMON, *(() if is_public else _WITH_TOKEN), *_BY_METHOD[method]]
    codes += ["not_found"] if "{" in path else []
    codes += ["stale_ticket"] if operation["operationId"] in _GUARDED else []
    for code in codes:
        reference = {"$ref": f"#/components/responses/{code}"}
        operation["responses"].setdefault(str(TITLES[code][0]), reference)
    if operation["operationId"] == "get_ticket":
        operation["responses"]["304"] = {"description": "Nothing happened since."}
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            names = ["RateLimit", "RateLimit-Policy"]
            names += ["ETag"] if operation["operationId"].endswith("_ticket") else []
            response.setdefault("headers", {}).update(
                {name: {"$ref": f"#/components/headers/{name}"} for name in names}
            )
    operation["responses"] = dict(sorted(operation["responses"].items()))
    operation.setdefault("parameters", []).extend(_conditions(operation["operationId"], method))


def _conditions(operation_id: str, method: str) -> list[dict[str, Any]]:
    names = {"post": {"Idempotency-Key": "The same key within a day: done once."}}.get(method, {})
    if operation_id == "get_ticket":
        names = {"If-None-Match": "304 while nothing happened."}
    if operation_id in _GUARDED:
        names = {**names, "If-Match": "412 if the ticket has changed since."}
    return [
        {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
        for name, text in names.items()
    ]


def _problem(code: str) -> dict[str, Any]:
    status, title = TITLES[code]
    example = {
        "type": f"https://desk.example.com/api/v1/errors/{code}",
        "title": str(title),
        "status": status,
        "detail": str(title),
        "instance": "/api/v1/tickets",
        "request_id": "6f0f3c1e5a1d4f7c",
        "errors": [],
    }
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": str(title), "content": {"application/problem+json": problem}}
