"""Pictures that stand in a message's words: ``![name](cid:id)``, by an attachment's content id."""

from __future__ import annotations

import re

PICTURE = re.compile(r"!\[([^\[\]\n]{0,200})\]\(cid:([\w.@-]{1,250})\)")


def in_words(text: str) -> str:
    """The text with a picture's name where the picture is."""
    return PICTURE.sub(lambda found: f"[{found[1] or found[2]}]", text)
