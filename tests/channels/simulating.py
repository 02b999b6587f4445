"""The whole web process with its simulators, as the demo has it, for tests of channels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from channels.base import OutboundMessage, Result
from channels.models import Account
from channels.simulated import deliver, simulator_of
from channels.simulators.base import Called, Said, Simulator
from tests.console.desk_server import running_web
from tests.factories import make_inbox


@dataclass
class Channel:
    """One account and the simulated provider behind it."""

    account: Account
    simulator: Simulator
    before: int = 0  # how much of the tape does not count

    def hear(self, *said: Said) -> list[int]:
        """Customers say something; the statuses of the webhook calls."""
        return [deliver(self.account, call) for each in said for call in self.calls(each)]

    def calls(self, said: Said) -> list[Called]:
        return self.simulator.calls(said)

    def send(self, text: str, *, to: str, key: int = 1, **values: Any) -> Result:
        """By the adapter, past our own queue; in public where all there is is public."""
        values.setdefault("is_public", self.account.adapter.capabilities.is_public)
        message = OutboundMessage(
            key=key, to=to, thread=to, text=text, external_id=f"own-{uuid4()}", **values
        )
        return next(iter(self.account.adapter.send([message])))

    def told(self) -> list[str]:
        """What the customers got, since the last ``forget``."""
        lines = [line.text for line in self.simulator.tape.lines() if line.direction == "out"]
        return lines[self.before :]

    def forget(self) -> None:
        self.before += len(self.told())


@contextmanager
def running_channels(settings: Any) -> Iterator[str]:
    """Everything in one process, every provider simulated; gives its address."""
    with running_web() as url:
        settings.HARBOUR_URL, settings.HARBOUR_SIMULATORS = url, True
        settings.HARBOUR_PROVIDERS = {"*": f"{url}/simulators/at"}
        settings.HARBOUR_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.ALLOWED_HOSTS = ["*"]
        for kind in Simulator.registry:
            simulator_of(kind).tape.forget()
        yield url


def make_channel(kind: str) -> Channel:
    inbox = make_inbox(name=kind, channel=kind)
    chosen = Simulator.registry[kind]
    account = Account.objects.create(kind=kind, inbox=inbox, settings=chosen.account())
    return Channel(account, simulator_of(kind))


def truncated(call: Called) -> Called:
    """With half of every header that proves something."""
    cut = {name: value[: len(value) // 2] for name, value in call.headers.items()}
    query = {name: value[: len(value) // 2] for name, value in call.query.items()}
    kind = {"Content-Type": call.headers.get("Content-Type", "application/json")}
    return replace(call, headers={**cut, **kind}, query=query)


def bare(call: Called) -> Called:
    """Without any proof."""
    kind = call.headers.get("Content-Type", "application/json")
    return replace(call, headers={"Content-Type": kind}, query={})


def reserialised(call: Called) -> Called:
    """The same meaning in other bytes; None of it is JSON: one byte more."""
    try:
        body = json.dumps(json.loads(call.body), indent=1).encode()
    except ValueError:
        body = call.body + b" "
    return replace(call, body=body)


#: Nothing is written there, so that a contract of written messages asks nothing of them.
SPOKEN = {"voice": "a call cannot be answered in writing: test_voice.py holds it"}
KINDS = pytest.mark.parametrize("kind", sorted(Simulator.registry.keys() - SPOKEN))
