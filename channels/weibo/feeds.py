"""Comments on our posts, and mentions: asked for, the newest first, until all that is new was seen.

The cursor says of each list from which id on all was seen (``since``), and while a long list is
read page by page, below which id to go on and what will be the next ``since``. So nothing is lost
when more is new than one look takes, or when a look ends early. The first look only marks where we
begin: what was said before the account was connected opens no tickets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from channels import wire
from channels.base import Outcome, Polled
from channels.weibo.send import API, meaning_of
from support import http
from support.http import Answer

#: The list, its path, where it is in the answer, and what one of it is for ``events``.
_FEEDS = {
    "c": ("comments/to_me", "comments", "comment"),
    "m": ("comments/mentions", "comments", "comment"),
    "s": ("statuses/mentions", "statuses", "status"),
}
_COUNT = 200
#: Pages of one list that are read at one look; the next look goes on.
_PAGES = 5


class _Refused(Exception):
    """Weibo does not let us read any more."""


@dataclass
class _Place:
    """How far one list was read; ``below`` is 0 unless we are in the middle of it."""

    since: int = 0
    below: int = 0
    newest: int = 0


def look(token: str, cursor: str) -> Polled:
    """Raises ``http.Unreachable`` or ``http.Refused`` only when nothing at all was found."""
    places = {name: _Place(*row) for name, row in json.loads(cursor or "{}").items()}
    bodies: list[dict[str, Any]] = []
    failure: Exception | None = None
    for name in _FEEDS:
        try:
            places[name] = _read(token, name, places.get(name), bodies)
        except (http.Unreachable, http.Refused) as error:
            failure = error
        except _Refused as refusal:
            bodies.append(_refusal(token, str(refusal)))
            break
    if failure is not None and not bodies:
        raise failure
    rows = {name: [p.since, p.below, p.newest] for name, p in places.items()}
    return Polled(
        bodies=tuple(json.dumps(each, ensure_ascii=False).encode() for each in bodies),
        cursor=json.dumps(rows, separators=(",", ":")),
    )


def _read(token: str, name: str, place: _Place | None, bodies: list[dict[str, Any]]) -> _Place:
    if place is None:
        numbers = [number for number, _ in _page(token, name, _Place(), count=1)]
        return _Place(since=max(numbers, default=0))
    for _ in range(_PAGES):
        found = _page(token, name, place, count=_COUNT)
        if not found:
            return _Place(since=max(place.since, place.newest))
        bodies += [{_FEEDS[name][2]: each} for _, each in found]
        numbers = [number for number, _ in found]
        place = _Place(place.since, min(numbers) - 1, max(place.newest, *numbers))
    return place


def _page(token: str, name: str, place: _Place, *, count: int) -> list[tuple[int, Any]]:
    path, where, _ = _FEEDS[name]
    answer = wire.get(
        f"{API}/2/{path}.json",
        access_token=token, since_id=place.since, max_id=place.below, count=count,
    )  # fmt: skip
    found = _said(answer).get(where) or []
    numbered = [(int(each["id"]), each) for each in found if str(each.get("id", "")).isdecimal()]
    return [
        (number, each)
        for number, each in numbered
        if number > place.since and (not place.below or number <= place.below)
    ]


def _said(answer: Answer) -> Mapping[str, Any]:
    """Raises ``_Refused`` when somebody has to sign in; all else is tried at the next look."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    if isinstance(said, dict) and said.get("error_code"):
        outcome, why, _ = meaning_of(said)
        if outcome is Outcome.SIGN_IN:
            raise _Refused(why)
        raise http.Unreachable(why)
    if not isinstance(said, dict) or not answer.is_ok:
        raise http.Unreachable(f"Weibo answers {answer.status}")
    return said


def _refusal(token: str, why: str) -> dict[str, Any]:
    name = hashlib.sha256(token.encode()).hexdigest()[:16]
    return {"refused": {"why": why, "token": name, "at": timezone.now().isoformat()}}
