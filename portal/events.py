from __future__ import annotations

from dataclasses import dataclass

from support.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class AccessAsked(DomainEvent):
    """A number and an address were given; whether they belong together is still open."""

    kind = "portal.access_asked"
    request_id: int

    @property
    def topic(self) -> str:
        return f"access:{self.request_id}"
