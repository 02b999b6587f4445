"""Where simulated providers answer: ``/simulators/at/<host>/...``, only where they are switched on.

A call goes to the simulator that stands in for the host and claims it. A planned fault is met
first; after ``accept_then_hang_up`` the message was taken, and the answer is cut off.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

from channels.models import Account
from channels.simulators.base import Answered, Asked, Called, Said, Simulator
from support import http

_HANG_UP = "accept_then_hang_up"


@csrf_exempt
def provider(request: HttpRequest, host: str, path: str) -> HttpResponseBase:
    """One call to a provider's API, as an adapter makes it."""
    if not settings.HARBOUR_SIMULATORS:
        return _nobody()
    asked = Asked(
        method=request.method or "",
        host=host,
        path=f"/{path}",
        query=request.GET.dict(),
        headers=request.headers,
        body=request.body,
    )
    simulator = simulator_for(asked)
    if simulator is None:
        return _nobody()
    fault = "" if simulator.is_errand(asked) else simulator.tape.fault()
    if fault and fault != _HANG_UP:
        return _response(simulator.failure(fault))
    answered = simulator.answer(asked)
    return _cut_off() if fault == _HANG_UP else _response(answered)


def simulator_for(asked: Asked) -> Simulator | None:
    """Several may stand in for one host: the first that claims the call."""
    for kind, each in Simulator.registry.items():
        if asked.host in each.hosts and each.claims(asked):
            return simulator_of(kind)
    return None


def simulator_of(kind: str) -> Simulator:
    """With its own idea of what the right token is."""
    chosen = Simulator.registry[kind]
    return chosen(chosen.account())


@dataclass(frozen=True)
class Habit:
    """How the provider calls us this time: as it should, or as providers do on a bad day."""

    duplicate: int = 1
    shuffle: bool = False
    wrong_signature: bool = False


def say(account: Account, said: Said, habit: Habit | None = None) -> list[int]:
    """Let a customer say something; the statuses with which our webhook door answered.

    Raises ``http.Unreachable`` or ``http.Refused``.
    """
    habit = habit or Habit()
    simulator = simulator_of(account.kind)
    calls = simulator.calls(said) * habit.duplicate
    if habit.shuffle:
        random.shuffle(calls)
    if habit.wrong_signature:
        calls = [simulator.forged(call) for call in calls]
    return [deliver(account, call) for call in calls]


def deliver(account: Account, call: Called) -> int:
    """Make the call at our own webhook door."""
    query = "&".join(f"{name}={value}" for name, value in call.query.items())
    url = f"{settings.HARBOUR_URL}/hooks/{account.uuid}/" + (f"?{query}" if query else "")
    if call.method == "GET":
        return http.get(url, headers=call.headers).status
    return http.post(url, content=call.body, headers=call.headers).status


def _response(answered: Answered) -> HttpResponse:
    response = HttpResponse(
        answered.body, status=answered.status, content_type=answered.content_type
    )
    for name, value in answered.headers.items():
        response[name] = value
    return response


def _nobody() -> HttpResponse:
    return HttpResponse("no provider is simulated here", status=404, content_type="text/plain")


def _cut_off() -> StreamingHttpResponse:
    def nothing() -> Iterator[bytes]:
        yield b""
        raise ConnectionAbortedError("the simulated provider hangs up")

    response = StreamingHttpResponse(nothing())
    response["Content-Length"] = "100"
    return response
