"""Reading bodies: bounded, and with nothing in them that we do not know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import parsers, serializers

from api.problems import Problem

#: Largest JSON body; a message holds at most ``MAX_TEXT`` characters of it.
MAX_JSON = 1024 * 1024
MAX_TEXT = 100_000


class StrictJSON(parsers.JSONParser):
    """JSON of bounded size and depth, in UTF-8 (RFC 8259)."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        raw = stream.read(MAX_JSON + 1)
        if len(raw) > MAX_JSON:
            raise Problem("too_large", _("JSON may have 1 MiB."))
        try:
            parsed = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Problem("malformed", _("The body is not valid JSON.")) from None
        if not isinstance(parsed, dict):
            raise Problem("malformed", _("The body must be a JSON object."))
        return parsed


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a typing error is no silent success."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            told = {name: [_("There is no such field.")] for name in sorted(unknown)}
            raise serializers.ValidationError(told, code="unknown_field")
        return super().to_internal_value(data)
