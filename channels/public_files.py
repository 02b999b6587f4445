"""Links by which a provider fetches a file that we send, where it takes no upload.

A link names the stored bytes under our signature and is good for an hour: whoever has it may have
the file, and nobody can make one up.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import IO

from django.conf import settings
from django.urls import reverse

from channels.base import OutboundFile
from support import crypto
from tickets.files import open_file

LIFE = timedelta(hours=1)
_PURPOSE = "public-file"


def link(file: OutboundFile) -> str:
    """Where the world finds ``file`` for ``LIFE``. The name in it is plain ASCII."""
    token = crypto.sign(_PURPOSE, {"key": file.key, "type": file.content_type or ""}, max_age=LIFE)
    path = reverse("hooks:file", kwargs={"token": token, "name": _plain(file.name)})
    return f"{settings.HARBOUR_URL.rstrip('/')}{path}"


def open_link(token: str) -> tuple[str, IO[bytes]]:
    """The type and the bytes. Raises ``crypto.BadToken``, or ``OSError`` when they are away."""
    named = crypto.verify(_PURPOSE, token)
    return str(named["type"]), open_file(str(named["key"]))


def _plain(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    kept = [re.sub(r"[^A-Za-z0-9_-]+", "-", part).strip("-") for part in (stem, ending)]
    return f"{kept[0][:60] or 'file'}{dot if kept[1] else ''}{kept[1][:10]}"
