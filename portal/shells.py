"""The status page without its template: rendered once for each kind, then only filled in.

It is the page that everybody may ask for, and rendering took four fifths of its time. Two
tickets in one state differ in a few words, so these are left out of a shell and put in later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import get_language

from portal.csrf import cheap_token
from portal.forms import ProofForm
from tickets import reference
from tickets.plain_status import PlainStatus

# What stands in a shell where something is to be put in; nothing else on the page looks so.
_DAY, _DUE = date(1111, 11, 11), datetime(2222, 2, 22, 22, 22, tzinfo=UTC)
_MARKS: Final = {
    "number": "GAP-NUMBER",
    "reference": "GAP-REFERENCE",
    "token": "GAP-TOKEN",
    "here": "GAP-HERE",
    "day": "1111-11-11",
    "due": "2222-02-22T22:22:00+00:00",
    "due_in_words": "2222-02-22 22:22",
}


def status_page(request: HttpRequest, told: PlainStatus, *, has_proof: bool) -> str:
    """The same text that ``portal/status.html`` makes of it."""
    due = told.next_reply_due_at
    kind = replace(
        told,
        reference=_MARKS["reference"],
        updated_on=_DAY,
        next_reply_due_at=_DUE if due else None,
    )
    return _shell(kind, get_language(), has_proof=has_proof) % {
        "number": reference.display(told.reference),
        "reference": told.reference,
        "token": cheap_token(request),
        "here": escape(request.get_full_path()),
        "day": told.updated_on.isoformat(),
        "due": due.isoformat() if due else "",
        "due_in_words": f"{due:%Y-%m-%d %H:%M}" if due else "",
    }


@lru_cache(maxsize=64)
def _shell(kind: PlainStatus, language: str | None, *, has_proof: bool) -> str:
    """The page in the active ``language``, to be filled in by ``%``."""
    context = {
        "told": kind,
        "number": _MARKS["number"],
        "has_proof": has_proof,
        "proof_form": ProofForm(),
        "csrf_token": _MARKS["token"],
        "request": {"get_full_path": _MARKS["here"]},
    }
    with timezone.override(UTC):
        page = render_to_string("portal/status.html", context).replace("%", "%%")
    for name, mark in _MARKS.items():
        page = page.replace(mark, f"%({name})s")
    return page
