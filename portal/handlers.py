from __future__ import annotations

from portal import access
from portal.events import AccessAsked
from support.events import handles


@handles(AccessAsked)
def answer_access_request(event: AccessAsked) -> None:
    """Mail a code when number and address belong together; else nothing."""
    access.answer(event.request_id)
