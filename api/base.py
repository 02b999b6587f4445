"""What every endpoint does before and after its own work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import generics
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from api import limits
from api.bearer import BearerToken, HasScope
from api.models import ApiToken
from api.parsing import StrictJSON, StrictSerializer
from api.problems import Problem, at


class Endpoint(generics.GenericAPIView[Any]):
    """A resource. ``scopes`` names for each method what a token must have."""

    scopes: ClassVar[dict[str, tuple[str, ...]]] = {}
    authentication_classes: Sequence[type[BaseAuthentication]] = (BearerToken,)
    permission_classes: Sequence[type[BasePermission]] = (HasScope,)
    parser_classes: Sequence[type[BaseParser]] = (StrictJSON,)
    is_public: ClassVar[bool] = False

    quota: limits.Quota | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._refuse_unknown_parameters(request)

    def perform_authentication(self, request: Request) -> None:
        """Who is it, and how often; what is refused later counts too."""
        super().perform_authentication(request)
        self.quota = self.spend(request)
        self.quota.require()

    def spend(self, request: Request) -> limits.Quota:
        if isinstance(request.auth, ApiToken):
            return limits.of_token(request.auth.pk)
        return limits.of_client(request, "client", 60)

    def parameters(self) -> frozenset[str]:
        """The query parameters this method knows."""
        return frozenset()

    def _refuse_unknown_parameters(self, request: Request) -> None:
        for name in request.query_params:
            if name not in self.parameters():
                detail = _("There is no such parameter.")
                raise Problem(
                    "invalid_parameter", errors=at(f"/query/{name}", detail, code="unknown")
                )

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        for name, value in (self.quota.headers if self.quota else {}).items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return super().finalize_response(request, response, *args, **kwargs)

    def read(self, kind: type[StrictSerializer], **options: Any) -> dict[str, Any]:
        """The request's body as ``kind`` understands it, or a 422."""
        serializer = kind(data=self.request.data, **options)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)
