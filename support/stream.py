"""Server-sent events beside Django: no thread and no database connection is held by a client.

One subscription per process feeds a bounded queue for each client. A client subscribes
first and then reads what it missed (``Last-Event-ID``) from the events table, so nothing
falls between. Ids commit out of order, so places are told apart by writing transaction, as
the relay does; what was read from the table is dropped when it comes again.
A client that cannot keep up is cut off and resumes by itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from django.conf import settings
from django.db import DatabaseError, connection, models
from django.db.models import Func, Q
from redis.asyncio import Redis
from redis.exceptions import RedisError

from support.models import Event
from support.relay import CHANNEL

logger = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
#: Says from the cookies who may listen: the audiences, None for every one. Raises
#: ``PermissionError``. Runs in a thread, where the database may be asked.
Authorise: TypeAlias = Callable[[dict[str, str]], frozenset[str] | None]

doors: dict[str, Authorise] = {}

HEARTBEAT_SECONDS = 20
QUEUE = 256
#: After this long a client comes back by itself, and its rights are looked at again.
LIFE_SECONDS = 600
BACKLOG = 1000
_GAP = None  # put into a queue: the broker was away, catch up


class Watermark(Func):
    """Below this transaction id nothing can appear any more."""

    template = "(pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"
    output_field = models.BigIntegerField()


def latest() -> int:
    """The last event of the feed, for a page to go on from; 0 before the first."""
    settled = Event.objects.filter(transaction__lt=Watermark())
    return settled.order_by("-transaction", "-pk").values_list("pk", flat=True).first() or 0


class Hub:
    """The process's one subscription, and the clients it feeds."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_subscribed = False

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Queue[dict[str, Any] | None]]:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(QUEUE)
        self.queues.add(queue)
        if self._is_subscribed:
            queue.put_nowait(_GAP)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield queue
        finally:
            self.queues.discard(queue)

    async def _run(self) -> None:
        while self.queues:
            try:
                await self._subscribe()
            except (RedisError, OSError) as error:
                logger.warning("live updates lost Redis: %s", type(error).__name__)
                await asyncio.sleep(1)
            finally:
                self._is_subscribed = False

    async def _subscribe(self) -> None:
        redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
        async with redis, redis.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(CHANNEL)
            self._is_subscribed = True
            self._spread(_GAP)
            while self.queues:
                message = await subscription.get_message(timeout=HEARTBEAT_SECONDS)
                if message is not None:
                    self._spread(json.loads(message["data"]))

    def _spread(self, event: dict[str, Any] | None) -> None:
        for queue in list(self.queues):
            if queue.full():
                self.queues.discard(queue)  # too slow: its stream ends, and it resumes
            else:
                queue.put_nowait(event)


hub = Hub()


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """One client's stream, from hello to hang-up."""
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    try:
        may_hear = await asyncio.to_thread(_authorised, scope["path"], headers.get("cookie", ""))
    except (PermissionError, DatabaseError) as refusal:
        status = 403 if isinstance(refusal, PermissionError) else 503
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    client = _Client(send, may_hear, _place(headers, scope["query_string"]))
    gone = asyncio.create_task(_hung_up(receive))
    try:
        async with hub.listening() as queue:
            await asyncio.wait_for(client.run(queue, gone), LIFE_SECONDS)
    except (asyncio.CancelledError, TimeoutError):
        pass  # the server stops, or it is time to come back: the client does by itself
    finally:
        gone.cancel()
        await send({"type": "http.response.body", "body": b""})


def _place(headers: dict[str, str], query: bytes) -> int | None:
    """The last event that the client knows of: from before, or from when its page was made."""
    since = parse_qs(query.decode("latin-1")).get("since", [""])[0]
    last = headers.get("last-event-id") or since
    return int(last) if last.isdecimal() and len(last) < 19 else None


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class _Client:
    def __init__(self, send: Send, may_hear: frozenset[str] | None, last: int | None) -> None:
        self._send, self._may_hear, self._last = send, may_hear, last
        self._told: set[int] = set()

    async def run(
        self, queue: asyncio.Queue[dict[str, Any] | None], gone: asyncio.Task[None]
    ) -> None:
        await self._say(b"retry: 2000\n: welcome\n\n")
        while not gone.done() and queue in hub.queues:
            getting = asyncio.create_task(queue.get())
            await asyncio.wait(
                {getting, gone}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not getting.done():
                getting.cancel()
                if not gone.done():
                    await self._say(b": still here\n\n")
            elif (event := getting.result()) is not None:
                await self._tell(event)
            elif self._last is not None:
                await self._catch_up()

    async def _catch_up(self) -> None:
        try:
            missed = await asyncio.to_thread(_backlog, self._last or 0)
        except DatabaseError:
            return
        if missed is None:
            await self._say(b"event: reset\ndata: {}\n\n")
            self._last = None
            return
        for event in missed:
            await self._tell(event)

    async def _tell(self, event: dict[str, Any]) -> None:
        number = int(event["id"])
        if number in self._told:
            return
        self._told.add(number)
        if len(self._told) > 4 * BACKLOG:
            self._told = {each for each in self._told if each > number - BACKLOG}
        self._last = number
        if self._may_hear is None or self._may_hear.intersection(event["audience"]):
            body = json.dumps({key: event[key] for key in ("id", "kind", "topic", "actor_id")})
            await self._say(f"id: {number}\ndata: {body}\n\n".encode())

    async def _say(self, frame: bytes) -> None:
        await self._send({"type": "http.response.body", "body": frame, "more_body": True})


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _authorised(path: str, cookie: str) -> frozenset[str] | None:
    try:
        jar = SimpleCookie(cookie)
    except CookieError:
        raise PermissionError("unreadable cookies") from None
    try:
        return doors[path]({name: morsel.value for name, morsel in jar.items()})
    finally:
        connection.close()


def _backlog(last: int) -> list[dict[str, Any]] | None:
    """What came after ``last`` in the feed's order; None when that is too long ago."""
    try:
        found = Event.objects.filter(pk=last).values_list("transaction", flat=True).first()
        if found is None and last:
            return None
        after = Q(transaction=found, pk__gt=last) | Q(transaction__gt=found or 0)
        rows = Event.objects.filter(after, transaction__lt=Watermark())
        columns = ("id", "kind", "topic", "audience", "actor_id")
        missed = list(rows.order_by("transaction", "pk").values(*columns)[:BACKLOG])
        return missed if len(missed) < BACKLOG else None
    finally:
        connection.close()
