"""How often a client may do a thing. Redis counts for all processes; without it each counts alone.

A window is cut into slices and an admitted hit is forgotten with its slice, so no stretch of time
as long as the window ever holds more than the limit, and a client waits at most a slice longer than
it must. Refused hits are not counted: asking again does not lengthen anybody's lock.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import NamedTuple

import structlog
from django.conf import settings
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import NoScriptError, RedisError

from support.redis import client

log = structlog.get_logger(__name__)

SLICES = 20
MOST_KEYS_ALONE = 20_000
REST_AFTER_FAILURE = 5.0  # seconds in which a Redis that failed is not asked again


class Verdict(NamedTuple):
    """Whether a hit is admitted, how many more would be, and the seconds until they are."""

    allowed: bool
    remaining: int
    retry_after: float
    reset: float


class Ask(NamedTuple):
    """One question: may ``key`` have ``cost`` more hits, and are they counted if so?"""

    key: str
    limit: int
    window: timedelta
    cost: int = 1
    keep: bool = True

    @property
    def span(self) -> int:
        return max(SLICES, int(self.window.total_seconds() * 1000))


def hit(key: str, *, limit: int, window: timedelta, cost: int = 1) -> Verdict:
    """Count ``cost`` hits if they fit, and say so. Never raises: without Redis it counts alone."""
    return ask(Ask(key, limit, window, cost))[0]


def peek(key: str, *, limit: int, window: timedelta) -> Verdict:
    """Say what one more hit would be told, without counting it."""
    return ask(Ask(key, limit, window, keep=False))[0]


def ask(*asks: Ask) -> list[Verdict]:
    """Several hits or peeks in one round trip, each judged by itself. Never raises."""
    if not _outage.lasts():
        try:
            return [_verdict(*answer) for answer in _answers(asks)]
        except RedisError as error:
            _outage.begin()
            log.warning("rate limits are counted by each process alone", error=str(error))
    return [
        _alone.take(_hashed(a.key), span=a.span, limit=a.limit, cost=a.cost, keep=a.keep)
        for a in asks
    ]


def _answers(asks: Sequence[Ask]) -> list[list[int]]:
    script = _script(client())
    calls = [([_hashed(a.key)], [a.span, a.limit, a.cost, int(a.keep)]) for a in asks]
    if len(calls) > 1:
        try:
            pipe = client().pipeline(transaction=False)
            for keys, args in calls:
                pipe.evalsha(script.sha, len(keys), *keys, *args)
            return list(pipe.execute())
        except NoScriptError:  # Redis was restarted; nothing was counted
            log.debug("the rate limit script is loaded again")
    return [script(keys=keys, args=args) for keys, args in calls]


def reset(key: str) -> None:
    """Forget the hits of a key, as after the right code was given."""
    name = _hashed(key)
    _alone.forget(name)
    try:
        client().delete(name)
    except RedisError:
        _outage.begin()


def client_key(remote_addr: str) -> str:
    """The client behind an address: an IPv4 host, or an IPv6 /64, which one customer owns whole."""
    try:
        address = ip_address(remote_addr.strip())
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)


def _hashed(key: str) -> str:
    """Keys hold addresses; Redis need not know them."""
    secret = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16, key=secret)
    return f"rate:{digest.hexdigest()}"


def _verdict(allowed: int, remaining: int, retry_after: int, reset: int) -> Verdict:
    return Verdict(bool(allowed), max(0, remaining), retry_after / 1000, reset / 1000)


# A hash of slice start -> hits, times in milliseconds of Redis's own clock. Twin of ``judge``.
_LUA = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local span, limit, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local width = math.ceil(span / 20)
local stored = redis.call('HGETALL', KEYS[1])
local slices, used = {}, 0
for i = 1, #stored, 2 do
  local ends = tonumber(stored[i]) + width + span
  if ends <= now then
    redis.call('HDEL', KEYS[1], stored[i])
  else
    table.insert(slices, {ends, tonumber(stored[i + 1])})
    used = used + tonumber(stored[i + 1])
  end
end
local allowed = used + cost <= limit
local start = math.floor(now / width) * width
if allowed and ARGV[4] == '1' then
  redis.call('HINCRBY', KEYS[1], start, cost)
  redis.call('PEXPIRE', KEYS[1], span + 2 * width)
  table.insert(slices, {start + width + span, cost})
  used = used + cost
end
table.sort(slices, function(a, b) return a[1] < b[1] end)
local free, retry, reset = limit - used, 0, 0
if not allowed then
  retry = span
  for _, slice in ipairs(slices) do
    free = free + slice[2]
    if free >= cost then retry = slice[1] - now break end
  end
end
if #slices > 0 then reset = slices[#slices][1] - now end
return {allowed and 1 or 0, limit - used, retry, reset}
"""


@lru_cache(maxsize=4)
def _script(redis: Redis) -> Script:
    return redis.register_script(_LUA)


def judge(
    slices: dict[int, int], now: int, *, span: int, limit: int, cost: int, keep: bool
) -> Verdict:
    """Judge a hit by the slices of its key, in milliseconds; count it in them if ``keep``."""
    width = -(-span // SLICES)
    for start in [start for start in slices if start + width + span <= now]:
        del slices[start]
    used = sum(slices.values())
    allowed = used + cost <= limit
    if allowed and keep:
        start = now // width * width
        slices[start] = slices.get(start, 0) + cost
        used += cost
    retry, free = (0 if allowed else span), limit - used
    for start in sorted(slices) if not allowed else ():
        free += slices[start]
        if free >= cost:
            retry = start + width + span - now
            break
    reset = max(slices) + width + span - now if slices else 0
    return _verdict(allowed, limit - used, retry, reset)


class _Alone:
    """The counts of this process while Redis is away, the least recently used forgotten first."""

    def __init__(self) -> None:
        self.keys: OrderedDict[str, dict[int, int]] = OrderedDict()
        self.lock = Lock()

    def take(self, name: str, *, span: int, limit: int, cost: int, keep: bool) -> Verdict:
        now = time.time_ns() // 1_000_000
        with self.lock:
            slices = self.keys.pop(name, {})
            verdict = judge(slices, now, span=span, limit=limit, cost=cost, keep=keep)
            if slices:
                self.keys[name] = slices
            if len(self.keys) > MOST_KEYS_ALONE:
                self.keys.popitem(last=False)
        return verdict

    def forget(self, name: str) -> None:
        with self.lock:
            self.keys.pop(name, None)


class _Outage:
    """A Redis that just failed is left alone for a moment, so that no page waits for it twice."""

    def __init__(self) -> None:
        self.until = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + REST_AFTER_FAILURE

    def lasts(self) -> bool:
        return time.monotonic() < self.until


_alone, _outage = _Alone(), _Outage()
