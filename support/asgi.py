"""ASGI entry: event streams by a plain callable, everything else by Django over WSGI.

A stream held by Django would pin a thread and a database connection for its whole life;
a2wsgi bounds the threads, and so the connections, of ordinary requests. The look-ups by number
have a shorter way to the same Django, and threads of their own (decision 7).
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support.settings")

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

THREADS, LANE_THREADS = 16, 4
#: The look-ups by number, open to everybody: the plain state by API, and the page.
LOOK_UPS = re.compile(r"/(?:api/v1/)?status/[^/]+/?")
site = get_wsgi_application()
pages = WSGIMiddleware(site, workers=THREADS)  # type: ignore[arg-type]

from support import stream  # noqa: E402 - needs the apps loaded above
from support.lane import Lane  # noqa: E402

look_ups = Lane(site, threads=LANE_THREADS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] in stream.doors:
        await stream.serve(scope, receive, send)
    elif scope["type"] == "http" and is_look_up(scope):
        await look_ups(scope, send)
    elif scope["type"] == "http":
        await pages(scope, receive, send)  # type: ignore[arg-type]


def is_look_up(scope: Scope) -> bool:
    return scope["method"] == "GET" and bool(LOOK_UPS.fullmatch(scope["path"]))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
