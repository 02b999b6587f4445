"""What the launcher says, and how it refuses. Its output may be a closed pipe: that is no error."""

import contextlib
import sys
import time
from collections.abc import Iterator
from threading import Lock

_lock = Lock()


class Refused(Exception):
    """The launcher cannot go on; the message is for the person who started it."""


def say(text: str = "") -> None:
    with _lock, contextlib.suppress(OSError, ValueError):
        print(text, flush=True)


@contextlib.contextmanager
def step(number: int, total: int, text: str) -> Iterator[None]:
    """One line of progress before the work and its time after it."""
    begun = time.monotonic()
    say(f"[{number}/{total}] {text} …")
    yield
    say(f"      done in {time.monotonic() - begun:.1f} s")


def end_of_pipe() -> None:
    """Python would complain at exit about a stdout nobody reads."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
