from __future__ import annotations

from tickets.pictures import in_words

PREVIEW = 160


def preview_of(text: str) -> str:
    """The start of a message on one line, for lists."""
    return " ".join(in_words(text[: PREVIEW * 4]).split())[:PREVIEW]
