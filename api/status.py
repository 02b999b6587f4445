from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import examples, limits
from api.base import Endpoint
from api.problems import Problem
from tickets import reference as references
from tickets.plain_status import PlainState, PlainStatus, plain_status

#: What is accepted by nearly all who ask. DRF weighs anything else.
_PLAINLY_ACCEPTED = frozenset({"*/*", "application/json"})


class PlainStatusShape(serializers.Serializer[PlainStatus]):
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=PlainState.choices)
    updated_on = serializers.DateField()
    next_reply_due_at = serializers.DateTimeField(allow_null=True)
    must_act = serializers.BooleanField(help_text="Whether we wait for the customer.")


class PlainStatusDetail(Endpoint):
    """Public: the number is all it takes, and all it tells is the plain state."""

    authentication_classes = ()
    permission_classes = ()
    is_public = True
    serializer_class = PlainStatusShape

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a plain call at once: DRF's way there costs three times the look-up itself."""
        if not _is_plain(request):
            return super().dispatch(request, *args, **kwargs)
        try:
            self.quota = limits.of_guesser(request)
            self.quota.require()
            response = self.get(request, kwargs["reference"])
        except Exception as error:  # noqa: BLE001 - DRF's own boundary: each error is a problem
            return self._refused(request, error, **kwargs)
        for name, value in self.quota.headers.items():
            response[name] = value
        return response

    def _refused(self, plain: HttpRequest, error: Exception, **kwargs: Any) -> Response:
        """What DRF would have answered."""
        self.request, self.headers = self.initialize_request(plain), self.default_response_headers
        return self.finalize_response(self.request, self.handle_exception(error), **kwargs)

    def spend(self, request: Request) -> limits.Quota:
        return limits.of_guesser(request)

    @extend_schema(
        operation_id="get_status",
        summary="Look up the plain state by number",
        description="No token. Five wrong numbers in 15 minutes close it to a client for a while.",
        auth=[],
        examples=[examples.PLAIN_STATUS],
    )
    def get(self, request: Request | HttpRequest, reference: str) -> JsonResponse:
        number = references.normalise(reference)
        found = plain_status(number) if number else None
        if found is None:
            limits.count_wrong_number(request)
            raise Problem("not_found")
        return JsonResponse(
            _told(found),
            headers={"Cache-Control": "no-store"},
            json_dumps_params={"separators": (",", ":")},
        )


def _is_plain(request: HttpRequest) -> bool:
    """A GET without parameters that takes JSON in as many words."""
    accepted = request.META.get("HTTP_ACCEPT", "*/*") in _PLAINLY_ACCEPTED
    return accepted and request.method == "GET" and not request.META.get("QUERY_STRING")


def _told(found: PlainStatus) -> dict[str, object]:
    """What ``PlainStatusShape`` describes, written down by hand: this door is knocked at most."""
    due = found.next_reply_due_at
    return {
        "reference": found.reference,
        "state": found.state.value,
        "updated_on": found.updated_on.isoformat(),
        "next_reply_due_at": due.isoformat().replace("+00:00", "Z") if due else None,
        "must_act": found.must_act,
    }
