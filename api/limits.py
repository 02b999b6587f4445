"""How often a token or a client may call, and the headers that say so.

The headers follow draft-ietf-httpapi-ratelimit-headers-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypedDict

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api.problems import Problem
from support import ratelimit
from support.web import client_ip

MINUTE = timedelta(minutes=1)


class _Guessing(TypedDict):
    limit: int
    window: timedelta


_GUESSING: Final = _Guessing(limit=5, window=timedelta(minutes=15))


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One limit, and how much of it is left."""

    name: str
    limit: int
    window: timedelta
    allowed: bool
    remaining: int
    resets_in: float

    @property
    def headers(self) -> dict[str, str]:
        seconds = int(self.window.total_seconds())
        rest = max(1, int(self.resets_in + 0.999))
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={seconds}',
            "RateLimit": f'"{self.name}";r={max(0, self.remaining)};t={rest}',
        }

    def require(self) -> None:
        """Raise the 429 unless this call was within the limit."""
        if not self.allowed:
            raise too_often(self.resets_in, self.headers)


def too_often(wait: float, headers: dict[str, str] | None = None) -> Problem:
    seconds = max(1, int(wait + 0.999))
    detail = _("Try again in %(seconds)s seconds.") % {"seconds": seconds}
    return Problem("rate_limited", detail, headers={"Retry-After": str(seconds), **(headers or {})})


def of_token(token_id: int) -> Quota:
    return spend("token", f"api:token:{token_id}", settings.HARBOUR_API_RATE, MINUTE)


def of_client(request: Request | HttpRequest, name: str, limit: int) -> Quota:
    """For doors without a token: the client is its address, or its IPv6 network."""
    return spend(name, f"api:{name}:{_client(request)}", limit, MINUTE)


def spend(name: str, key: str, limit: int, window: timedelta) -> Quota:
    asked = ratelimit.Ask(key, limit, window)
    return _quota(name, asked, ratelimit.ask(asked)[0])


def _quota(name: str, asked: ratelimit.Ask, verdict: ratelimit.Verdict) -> Quota:
    return Quota(
        name=name,
        limit=asked.limit,
        window=asked.window,
        allowed=verdict.allowed,
        remaining=verdict.remaining,
        resets_in=verdict.reset if verdict.allowed else verdict.retry_after,
    )


def of_guesser(request: Request | HttpRequest) -> Quota:
    """``of_client`` for the look-up by number, closed to a client that guessed too often."""
    client = _client(request)
    calls = ratelimit.Ask(f"api:client:{client}", 60, MINUTE)
    guesses = ratelimit.Ask(_guesses(client), **_GUESSING, keep=False)
    spent, guessed = ratelimit.ask(calls, guesses)
    if not guessed.allowed:
        raise too_often(guessed.retry_after)
    return _quota("client", calls, spent)


def count_wrong_number(request: Request | HttpRequest) -> None:
    ratelimit.hit(_guesses(_client(request)), **_GUESSING)


def _guesses(client: str) -> str:
    """The key of the status page too: two doors do not give two sets of guesses."""
    return f"wrong-number:{client}"


def open_ticket(address: str) -> None:
    """Count a new ticket from ``address``: one limit for every door, whoever knocks."""
    hour = timedelta(hours=1)
    verdict = ratelimit.hit(f"open:{address}", limit=settings.HARBOUR_SENDER_RATE, window=hour)
    if not verdict.allowed:
        raise too_often(verdict.retry_after)


def _client(request: Request | HttpRequest) -> str:
    plain = request._request if isinstance(request, Request) else request
    return ratelimit.client_key(client_ip(plain))
