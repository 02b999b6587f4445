"""What happened in a simulated channel, kept in Valkey: short-lived, and shared by processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from support.redis import client

MOST = 2000
_DAY = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One line: what a customer said (``in``) or got (``out``)."""

    id: str
    direction: str
    thread: str
    person: str = ""
    text: str = ""
    file: str = ""
    at: str = ""
    is_public: bool = False
    note: str = ""


class Tape:
    def __init__(self, kind: str) -> None:
        self._key = f"simulator:{kind}"

    def add(self, **values: Any) -> Heard:
        heard = Heard(**{"at": datetime.now(UTC).isoformat(), **values})
        store = client()
        store.rpush(f"{self._key}:tape", json.dumps(asdict(heard)))
        store.ltrim(f"{self._key}:tape", -MOST, -1)
        store.expire(f"{self._key}:tape", _DAY)
        return heard

    def lines(self, thread: str = "") -> list[Heard]:
        """All lines, or those of one conversation, the oldest first."""
        rows = cast("list[bytes]", client().lrange(f"{self._key}:tape", 0, -1))
        heard = [Heard(**json.loads(row)) for row in rows]
        return [each for each in heard if not thread or each.thread == thread]

    def number(self) -> int:
        return int(client().incr(f"{self._key}:number")) + 1000

    def plan(self, fault: str, times: int = 1) -> None:
        """The next ``times`` calls meet ``fault``."""
        client().rpush(f"{self._key}:faults", *[fault] * times)
        client().expire(f"{self._key}:faults", _DAY)

    def fault(self) -> str:
        """The fault that the call at hand meets, or ""."""
        found = cast("bytes | None", client().lpop(f"{self._key}:faults"))
        return found.decode() if found else ""

    def remember(self, name: str, value: str, seconds: int = _DAY) -> None:
        client().set(f"{self._key}:kept:{name}", value, ex=seconds)

    def recall(self, name: str) -> str:
        found = cast("bytes | None", client().get(f"{self._key}:kept:{name}"))
        return found.decode() if found else ""

    def forget(self) -> None:
        store = client()
        for key in store.scan_iter(f"{self._key}:*"):
            store.delete(key)
