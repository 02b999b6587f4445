"""Named points of the path at which a test may kill, stall or break a process.

``FAULT=receipts.before_commit:3:kill9`` acts the third time that point is passed. Nothing
happens unless the variable is set when the process starts.
"""

from __future__ import annotations

import os
import signal
import threading
import time

_ACTIONS = ("kill9", "raise", "stall")
_lock = threading.Lock()
_passed: dict[str, int] = {}


class InjectedFault(Exception):
    """Raised where a test asked for it."""


def _plan(spec: str) -> tuple[str, int, str] | None:
    if not spec:
        return None
    name, count, action = spec.rsplit(":", 2)
    if action not in _ACTIONS:
        raise ValueError(f"FAULT action must be one of {_ACTIONS}")
    return name, int(count), action


_armed = _plan(os.environ.get("FAULT", ""))


def arm(spec: str) -> None:
    """Plan a fault in this process, as the variable does for one that starts; "" for none."""
    global _armed
    _armed = _plan(spec)
    _passed.clear()


def fault_point(name: str) -> None:
    """Pass the point called ``name``."""
    if _armed is None or _armed[0] != name:
        return
    with _lock:
        _passed[name] = _passed.get(name, 0) + 1
        if _passed[name] != _armed[1]:
            return
        action = _armed[2]
    if action == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "stall":
        time.sleep(3600)
    raise InjectedFault(name)
