"""Work, counted and not timed: the same figure on a busy machine and on a quiet one."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

#: The most that eight times the input may cost; work that is square costs 64 times as much.
LINEAR = 9.0


def calls_in(run: Callable[[], object]) -> Counter[str]:
    """How often each function is called while this runs, those written in C too."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, given: object) -> None:
        if event == "call":
            calls[f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}"] += 1
        elif event == "c_call":
            calls[str(getattr(given, "__qualname__", given))] += 1

    gc.disable()  # what it clears away may call, too
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def growth(run: Callable[[str], object], piece: str, *, pieces: int = 200) -> float:
    """How many times as many calls eight times the pieces take."""
    for times in (1, 8):  # caches are filled first
        run(piece * pieces * times)
    few, many = (calls_in(lambda n=n: run(piece * pieces * n)).total() for n in (1, 8))
    return many / few
