from __future__ import annotations

import pytest
from django.core.cache import cache

from support.redis import client as redis


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    redis().flushdb()
    cache.clear()
