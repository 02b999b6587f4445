from __future__ import annotations

from typing import Any

import pytest

from channels.providers import sns
from support import http
from support.redis import client as redis


@pytest.fixture(autouse=True)
def _no_cached_certificates() -> None:
    sns._certificate.cache_clear()


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the outside world answers, by URL; ``asked`` lists what was asked."""
    world: dict[str, Any] = {"asked": []}

    def get(url: str, **_: Any) -> http.Answer:
        world["asked"].append(url)
        if url not in world:
            raise http.Unreachable(url)
        return world[url]

    monkeypatch.setattr(http, "get", get)
    return world


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """How often one may call is counted across tests, by addresses and accounts that recur."""
    redis().flushdb()
