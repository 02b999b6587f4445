"""What every page needs: a request id, the client's address, limits, health, downloads."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import IO
from urllib.parse import quote

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from redis.exceptions import RedisError

from support import ratelimit
from support.redis import client as redis_client

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContext:
    """Give each request an id: in its logs, its answer and on its error page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.META["HARBOUR_REQUEST_ID"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


def client_ip(request: HttpRequest) -> str:
    """The client's address; a proxy's word counts only if the proxy is one of ours."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    while forwarded and _is_trusted(peer) and (nearest := forwarded.pop().strip()):
        peer = nearest
    return peer


def _is_trusted(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in net for net in _networks(*settings.HARBOUR_TRUSTED_PROXIES))


@lru_cache(maxsize=4)
def _networks(*nets: str) -> list[IPv4Network | IPv6Network]:
    return [ip_network(net) for net in nets]


def limited(
    request: HttpRequest, name: str, *, limit: int, window: timedelta
) -> HttpResponse | None:
    """A 429 page when this client has used ``name`` more than ``limit`` times, else None."""
    key = f"{name}:{ratelimit.client_key(client_ip(request))}"
    verdict = ratelimit.hit(key, limit=limit, window=window)
    if verdict.allowed:
        return None
    return too_many(request, verdict.retry_after)


def too_many(request: HttpRequest, retry_after: float) -> HttpResponse:
    """The 429 page, with Retry-After in whole seconds."""
    seconds = max(1, int(retry_after + 0.999))
    minutes = max(1, (seconds + 59) // 60)
    response = render(request, "429.html", {"seconds": seconds, "minutes": minutes}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def download(name: str, content_type: str, content: IO[bytes]) -> FileResponse:
    """An attachment that no browser will run, whatever is in it (RFC 6266)."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%;]', "_", name) or "attachment"
    response = FileResponse(content, content_type=content_type or "application/octet-stream")
    response["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    patch_cache_control(response, private=True, max_age=0)
    return response


def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers at all."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when Postgres, its migrations and Redis are there; 503 and which is missing."""
    checks = {"database": _database_ready(), "redis": _redis_ready()}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def _database_ready() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _redis_ready() -> bool:
    try:
        return bool(redis_client().ping())
    except (RedisError, OSError):
        return False
