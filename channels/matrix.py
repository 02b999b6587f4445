"""What each channel can do, in words: the console's page and the documentation show the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.base import Adapter
from channels.capabilities import Capabilities, Unit
from channels.connecting import kinds


@dataclass(frozen=True, kw_only=True)
class Row:
    """One channel; every column is a word or two."""

    kind: str
    label: str
    text: str
    window: str
    files: str
    receipts: str
    edits: str
    rate: str
    is_public: bool


def rows() -> list[Row]:
    return [row(each) for each in kinds().values()]


def row(adapter: type[Adapter] | Adapter) -> Row:
    able = adapter.capabilities
    return Row(
        kind=adapter.kind,
        label=adapter.label,
        text=f"{able.text} {_unit(able.unit)}",
        window=_window(able),
        files=_files(able),
        receipts=_receipts(able),
        edits=_edits(able),
        rate=f"{able.per_second:g}/s" if able.per_second else "–",
        is_public=able.is_public,
    )


def _unit(unit: Unit) -> str:
    return {
        Unit.CHARACTERS: _("characters"),
        Unit.UTF16: _("UTF-16 units"),
        Unit.BYTES: _("bytes"),
        Unit.WEIGHTED: _("weighted"),
    }[unit]


def _window(able: Capabilities) -> str:
    window = able.window
    if window.length is None:
        return _("always")
    said = _span(window.length)
    if window.human:
        said += " " + _("(people %(span)s)") % {"span": _span(window.human)}
    if window.messages:
        more = ngettext("%(n)d message", "%(n)d messages", window.messages)
        said += ", " + more % {"n": window.messages}
    return said


def _span(length: timedelta) -> str:
    hours = round(length.total_seconds() / 3600)
    if hours % 24 or hours < 72:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}


def _files(able: Capabilities) -> str:
    if not able.files.are_taken:
        return "–"
    return f"{able.files.most_bytes // (1024 * 1024)} MB"


def _receipts(able: Capabilities) -> str:
    told = [_("delivered")] * able.tells_delivered + [_("read")] * able.tells_read
    return ", ".join(told) or "–"


def _edits(able: Capabilities) -> str:
    told = [_("edits")] * able.takes_edits + [_("deletions")] * able.takes_deletes
    return ", ".join(told) or "–"
