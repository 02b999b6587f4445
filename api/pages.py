"""Cursor pages: each goes on after the last row of the one before, whatever came in between."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Model, Q
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from api.problems import Problem, at

if TYPE_CHECKING:  # views read the settings that name this module
    from rest_framework.views import APIView

DEFAULT, LARGEST = 50, 100
_HIGHEST_ID = 2**63 - 1


class CursorPages(BasePagination):
    """Orders by ``(field, id)`` or ``id`` alone. No OFFSET and no COUNT: page 1,000 is as quick.

    A view may name ``orderings``: what a client may ask for, and the columns it means;
    the first is the default. The last column is always the id.
    """

    parameters: ClassVar[frozenset[str]] = frozenset({"cursor", "limit", "ordering"})

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        orderings: dict[str, tuple[str, ...]] = getattr(view, "orderings", {"id": ("id",)})
        self.ordering = request.query_params.get("ordering") or next(iter(orderings))
        if self.ordering not in orderings:
            known = ", ".join(orderings)
            raise _wrong("ordering", _("One of: %(known)s.") % {"known": known})
        columns = orderings[self.ordering]
        size = _size(request.query_params.get("limit"))
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(_after(columns, self._read(cursor, columns)))
        rows = list(queryset.order_by(*columns)[: size + 1])
        self.url = request.build_absolute_uri()
        self.next = self._write(rows[size - 1], columns) if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        following = replace_query_param(self.url, "cursor", self.next) if self.next else None
        return Response(
            {"data": data, "next": following, "previous": None, "has_more": bool(self.next)}
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["data", "next", "previous", "has_more"],
            "properties": {
                "data": schema,
                "next": {"type": ["string", "null"], "format": "uri", "example": None},
                "previous": {"type": "null", "example": None},
                "has_more": {"type": "boolean", "example": False},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        orderings = list(getattr(view, "orderings", {"id": ("id",)}))
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": DEFAULT}
        order = {"type": "string", "enum": orderings, "default": orderings[0]}
        return [
            _parameter("cursor", {"type": "string"}, "From the `next` of the page before."),
            _parameter("limit", size, "Most rows in a page."),
            _parameter("ordering", order, "A minus sign means: latest first."),
        ]

    def _write(self, row: Model, columns: Sequence[str]) -> str:
        values = [getattr(row, column.lstrip("-")) for column in columns]
        plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        text = json.dumps([self.ordering, *plain], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _read(self, cursor: str, columns: Sequence[str]) -> list[datetime | int]:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            ordering, *values = json.loads(raw)
            if ordering != self.ordering or len(values) != len(columns) or len(cursor) > 300:
                raise ValueError(ordering)
            return [*(_moment(value) for value in values[:-1]), _id(values[-1])]
        except (ValueError, TypeError, RecursionError, OverflowError, binascii.Error):
            raise Problem("invalid_cursor") from None


def _after(columns: Sequence[str], values: Sequence[datetime | int]) -> Q:
    """Rows behind this position; the first condition alone lets an index find it."""
    column, value = columns[0], values[0]
    side, name = ("lt" if column.startswith("-") else "gt"), column.lstrip("-")
    beyond = Q((f"{name}__{side}", value))
    if len(columns) == 1:
        return beyond
    return Q((f"{name}__{side}e", value)) & (beyond | _after(columns[1:], values[1:]))


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value).astimezone(UTC)
    if moment.year < 1970:
        raise ValueError(value)
    return moment


def _id(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _HIGHEST_ID:
        raise ValueError(value)
    return value


def _size(given: str | None) -> int:
    if given is None:
        return DEFAULT
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= LARGEST):
        detail = _("A whole number from 1 to %(largest)s.") % {"largest": LARGEST}
        raise _wrong("limit", detail)
    return int(given)


def _wrong(parameter: str, detail: str) -> Problem:
    return Problem("invalid_parameter", detail, errors=at(f"/query/{parameter}", detail))


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        "description": description,
    }
