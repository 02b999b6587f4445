from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.response import Response

from api.base import Endpoint
from api.filters import StrictFilters
from api.pages import CursorPages


class Listed(Endpoint):
    """A resource whose GET is a list in pages."""

    filter_backends = (StrictFilters,)
    pagination_class = CursorPages
    orderings: ClassVar[dict[str, tuple[str, ...]]] = {"id": ("id",)}

    def parameters(self) -> frozenset[str]:
        if self.request.method not in ("GET", "HEAD"):
            return frozenset()
        filters: dict[str, Any] = getattr(
            getattr(self, "filterset_class", None), "base_filters", {}
        )
        return CursorPages.parameters | frozenset(filters)

    def rows(self) -> QuerySet[Any]:
        """All that this token may see here."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):  # the document is made without a token
            shape: Any = self.serializer_class
            nothing: QuerySet[Any] = shape.Meta.model._default_manager.none()
            return nothing
        return self.rows()

    def list(self) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)
