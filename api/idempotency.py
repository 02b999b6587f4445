"""``Idempotency-Key``: a POST sent twice is done once.

The claim on a key is a row under a lease, committed before the work. The answer is stored
in the transaction of the work itself: if the process dies, both are gone, the lease runs
out, and the next try does the work. Follows draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec

from django.db import transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.bearer import token_of
from api.models import IdempotentCall
from api.problems import Problem, at

P = ParamSpec("P")
Post = Callable[Concatenate[Any, Request, P], Response]

LEASE = timedelta(seconds=60)
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Location", "ETag")


def idempotent(post: Post[P]) -> Post[P]:
    """Have a ``post`` method run in a transaction, and once for each key."""

    @functools.wraps(post)
    def once(view: Any, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = key_of(request)
        if not key:
            with transaction.atomic():
                return post(view, request, *args, **kwargs)
        call, is_ours = _claim(token_of(request).pk, key, fingerprint(request))
        if not is_ours:
            return _replay(call)
        try:
            with transaction.atomic():
                response = post(view, request, *args, **kwargs)
                _settle(call, response)
        except BaseException:  # whatever it was: nothing was done, so the key is free again
            IdempotentCall.objects.filter(pk=call.pk, claim=call.claim, status=None).delete()
            raise
        return response

    once.is_idempotent = True  # type: ignore[attr-defined]  # a test looks for it
    return once


def key_of(request: Request) -> str:
    """The request's key, or "" when it has none."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        errors = at("/header/Idempotency-Key", "1-255 visible ASCII characters.")
        raise Problem("invalid_idempotency_key", errors=errors)
    return key


def fingerprint(request: Request) -> str:
    """What was asked, without what may differ from try to try, such as a boundary."""
    data: Any = request.data
    asked = {name: _plain(value) for name, value in data.items()}
    text = json.dumps([request.method, request.path.rstrip("/"), asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if not hasattr(value, "chunks"):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return [value.name, digest.hexdigest()]


def _claim(token_id: int, key: str, asked: str) -> tuple[IdempotentCall, bool]:
    """The call with this key, and whether it is ours to answer now."""
    now = timezone.now()
    call, is_new = IdempotentCall.objects.get_or_create(
        token_id=token_id,
        key=key,
        defaults={"fingerprint": asked, "leased_until": now + LEASE},
    )
    if is_new:
        return call, True
    if call.created_at <= now - KEPT:
        IdempotentCall.objects.filter(pk=call.pk, claim=call.claim).delete()
        return _claim(token_id, key, asked)
    if call.fingerprint != asked:
        raise Problem("key_reused")
    if call.status is not None:
        return call, False
    if call.is_abandoned(now) and _take_over(call, now):
        return call, True
    raise Problem("call_in_flight", headers={"Retry-After": "1"})


def _take_over(call: IdempotentCall, now: datetime) -> bool:
    """Continue what a dead process began; of several who try, one succeeds."""
    abandoned = IdempotentCall.objects.filter(pk=call.pk, claim=call.claim, status=None)
    call.claim, call.leased_until = uuid.uuid4(), now + LEASE
    return abandoned.update(claim=call.claim, leased_until=call.leased_until) == 1


def _settle(call: IdempotentCall, response: Response) -> None:
    """Store the answer; undo the work if another process has taken the call over."""
    settled = IdempotentCall.objects.filter(pk=call.pk, claim=call.claim, status=None).update(
        status=response.status_code,
        headers={name: response[name] for name in _KEPT_HEADERS if name in response},
        body=JSONRenderer().render(response.data).decode(),
    )
    if not settled:
        raise Problem("call_in_flight", headers={"Retry-After": "1"})


def _replay(call: IdempotentCall) -> Response:
    headers = {**call.headers, "Idempotency-Replayed": "true"}
    return Response(json.loads(call.body), call.status, headers=headers)


def prune(now: datetime) -> int:
    """Forget calls older than a day, and unanswered ones whose lease ran out long ago."""
    return IdempotentCall.objects.filter(created_at__lt=now - KEPT).delete()[0]
