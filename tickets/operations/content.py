from __future__ import annotations

PREVIEW = 160


def preview_of(text: str) -> str:
    """The start of a message on one line, for lists."""
    return " ".join(text[: PREVIEW * 4].split())[:PREVIEW]
