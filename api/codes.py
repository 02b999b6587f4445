"""Every error code of the API, with its status and title. ``docs/api.md`` explains each."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLES: Final[dict[str, tuple[int, Promise]]] = {
    "malformed": (400, _("The request could not be read.")),
    "invalid_parameter": (400, _("A query parameter is wrong.")),
    "invalid_cursor": (400, _("This cursor leads nowhere.")),
    "invalid_idempotency_key": (400, _("The idempotency key is not usable.")),
    "not_authenticated": (401, _("A token is needed.")),
    "invalid_token": (401, _("This token opens nothing.")),
    "forbidden": (403, _("This is not allowed.")),
    "insufficient_scope": (403, _("The token lacks a scope.")),
    "not_found": (404, _("There is nothing here.")),
    "method_not_allowed": (405, _("This method is not offered here.")),
    "not_acceptable": (406, _("The answer exists only as JSON.")),
    "contact_exists": (409, _("There is a contact with this address.")),
    "call_in_flight": (409, _("The first call with this key is still running.")),
    "stale_ticket": (412, _("The ticket changed in the meantime.")),
    "too_large": (413, _("The request is too large.")),
    "unsupported_media_type": (415, _("This content type is not taken here.")),
    "validation_error": (422, _("Some fields need attention.")),
    "illegal_transition": (422, _("The ticket cannot take this status.")),
    "refused": (422, _("A rule of the ticket forbids this.")),
    "key_reused": (422, _("This key was used for another request.")),
    "rate_limited": (429, _("Too many requests.")),
    "internal_error": (500, _("Something broke on our side.")),
    "unavailable": (503, _("Something we need is away for a moment.")),
}
