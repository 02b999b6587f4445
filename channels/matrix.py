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
        rate=_rate(able.per_second),
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
        more = {"span": said, "longer": _span(window.human)}
        said = _("%(span)s (people %(longer)s)") % more
    if window.messages:
        said = ngettext("%(span)s, %(n)d message", "%(span)s, %(n)d messages", window.messages) % {
            "span": said,
            "n": window.messages,
        }
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
    if able.tells_delivered and able.tells_read:
        return _("delivered, read")
    if able.tells_delivered:
        return _("delivered")
    return _("read") if able.tells_read else "–"


def _edits(able: Capabilities) -> str:
    if able.takes_edits and able.takes_deletes:
        return _("edit, delete")
    if able.takes_edits:
        return _("edit")
    return _("delete") if able.takes_deletes else "–"


def _rate(per_second: float | None) -> str:
    if not per_second:
        return "–"
    if per_second >= 1:
        return f"{per_second:g}/s"
    return _("%(n)s a minute") % {"n": f"{per_second * 60:.3g}"}
