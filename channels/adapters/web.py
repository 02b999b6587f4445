"""Requests that come by the web form or the API are answered by mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from channels.adapters.email import Email
from channels.base import RawCall, Unreadable
from tickets.inbound import InboundMessage


@dataclass(frozen=True, kw_only=True)
class Web(Email):
    kind = "web"
    label = "Web form"

    def parse(self, call: RawCall) -> Iterator[InboundMessage]:
        raise Unreadable("a web form is filed at once; it leaves no receipt")


@dataclass(frozen=True, kw_only=True)
class Api(Web):
    kind = "api"
    label = "API"
