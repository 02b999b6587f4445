"""What a call of Meta's holds: every entry, and of each every element, read on its own.

One malformed element becomes an ``Unknown`` and takes nothing else with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from channels.base import RawCall, Unreadable
from channels.happenings import Inbound, Unknown

Element: TypeAlias = Mapping[str, Any]
#: What a wrong shape raises while it is read; a date that no calendar has among it.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, OSError)


def entries(call: RawCall, product: str, own_id: str) -> Iterator[Element | Unknown]:
    """Our entries; those of another product or account as ``Unknown``. Raises ``Unreadable``."""
    try:
        body = json.loads(call.body)
        found = [
            (each, entry)
            for each in (body if isinstance(body, list) else [body])
            for entry in each["entry"]
        ]
    except (*MALFORMED, RecursionError) as error:
        raise Unreadable(f"no call of Meta's: {type(error).__name__}") from error
    for each, entry in found:
        if each.get("object", product) != product:
            yield unknown(entry, f"object {each.get('object')}")
        elif not isinstance(entry, dict):
            yield unknown(entry, "malformed entry")
        elif own_id and str(entry.get("id", "")) != own_id:
            yield unknown(entry, f"for account {entry.get('id')}")
        else:
            yield entry


def read_each(
    elements: object, read: Callable[[Any], Iterable[Inbound]], what: str
) -> Iterator[Inbound]:
    """Each element as ``read`` understands it; what it cannot read is ``Unknown``."""
    if not isinstance(elements, list):
        if elements is not None:
            yield unknown(elements, f"malformed {what}")
        return
    for element in elements:
        try:
            yield from list(read(element))
        except MALFORMED:
            yield unknown(element, f"malformed {what}")


def unknown(element: object, what: str, **facts: Any) -> Unknown:
    """The same element gives the same id, however often it comes."""
    plain = json.dumps(element, sort_keys=True, default=str).encode()
    number = f"unknown:{hashlib.sha256(plain).hexdigest()[:32]}"
    known: dict[str, Any] = {"external_id": number, "at": datetime.now(UTC)} | facts
    return Unknown(**known, what=what[:80])


def time_of(value: object) -> datetime:
    """Seconds or milliseconds, as a number or in a string, or ISO 8601: Meta sends them all.

    Raises ``ValueError`` or its like for what is no time.
    """
    text = str(value)
    if not text.lstrip("-").isdecimal():
        return datetime.fromisoformat(text).astimezone(UTC)
    number = int(text)
    return datetime.fromtimestamp(number / 1000 if abs(number) > 10**11 else number, UTC)


def text_of(value: object) -> str:
    """Words; "" for none. Raises ``TypeError`` for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value.replace("\x00", "")


def id_of(value: object) -> str:
    """An id as text. Raises ``ValueError`` for what is none."""
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value):
        raise ValueError("no id")
    return str(value)
