"""The one way to Redis: short time-outs, no retries; callers decide what its absence means."""

from functools import lru_cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def client() -> Redis:
    """A shared, thread-safe client. Commands raise ``redis.RedisError`` when it is away."""
    return _connected(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _connected(url: str) -> Redis:
    return Redis.from_url(
        url,
        socket_connect_timeout=1,
        socket_timeout=2,
        retry=Retry(NoBackoff(), 0),  # the library's own default waits and tries three times more
        health_check_interval=30,
    )
