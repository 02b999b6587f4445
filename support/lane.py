"""A short way through the server for requests without a body and with a small answer.

A page that may stream crosses five times between its thread and the loop: started, head, body,
end, done. A whole answer crosses twice, and where threads are many the crossings cost as much
as the page. The same Django application answers, with all its middleware.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, NamedTuple, TypeAlias
from wsgiref.types import WSGIApplication

from a2wsgi.wsgi import build_environ

Scope: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Lane:
    """Threads of its own: no slow page keeps it shut, and it keeps none waiting."""

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lane")

    async def __call__(self, scope: Scope, send: Send) -> None:
        environ = build_environ(scope, BytesIO())  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._answer, environ)
        head = {"status": answer.status, "headers": answer.headers}
        await send({"type": "http.response.start", **head})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, environ: Any) -> Answer:
        heads: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
            heads.append((status, headers))

        parts = self._application(environ, start)
        try:
            body = b"".join(parts)
        finally:
            parts.close()  # type: ignore[attr-defined]
        status, headers = heads[-1]
        return Answer(
            int(status[:3]),
            [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            body,
        )
