"""What every endpoint does before and after its own work."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import generics
from rest_framework.request import Request

from api import limits
from api.bearer import BearerToken, HasScope
from api.models import ApiToken
from api.parsing import StrictJSON, StrictSerializer
from api.problems import Problem, at


class Endpoint(generics.GenericAPIView[Any]):
    """A resource. ``scopes`` names for each method what a token must have."""

    scopes: ClassVar[dict[str, tuple[str, ...]]] = {}
    authentication_classes = (BearerToken,)
    permission_classes = (HasScope,)
    parser_classes = (StrictJSON,)
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
    ) -> HttpResponseBase:
        for name, value in (self.quota.headers if self.quota else {}).items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        finished: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        return finished

    def read(self, kind: type[StrictSerializer], **options: Any) -> dict[str, Any]:
        """The request's body as ``kind`` understands it, or a 422."""
        serializer = kind(data=self.request.data, **options)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)
