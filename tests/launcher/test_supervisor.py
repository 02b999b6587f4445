"""Children that die, that will not die, and that outlive nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from support.launcher import supervisor
from support.launcher.supervisor import Child, Supervisor

DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def child(tmp_path: Path, code: str) -> Child:
    return Child("child", [sys.executable, "-c", code], dict(os.environ), tmp_path / "child.log")


def keeper_of(*children: Child) -> Supervisor:
    return Supervisor(watch=lambda: None, children=list(children))


def test_a_child_that_dies_is_started_again_ever_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.05)
    mortal = child(tmp_path, "import time; print('born', flush=True)")
    mortal.pause = 0.05
    keep = keeper_of(mortal)
    end = time.monotonic() + 15
    while (tmp_path / "child.log").read_text().count("born") < 3 if mortal.process else True:
        keep.tend(0.2)
        assert time.monotonic() < end
    assert mortal.pause >= 0.2
    keep.stop()


def test_one_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FAREWELL", 0.5)
    deaf = child(tmp_path, DEAF)
    keep = keeper_of(deaf)
    keep.tend(1)
    keep.stop()
    assert deaf.process is not None
    assert deaf.process.returncode == -signal.SIGKILL


def test_a_signal_ends_the_tending(tmp_path: Path) -> None:
    keep = keeper_of(child(tmp_path, "import time; time.sleep(60)"))
    threading.Timer(0.3, keep.stopping.set).start()
    assert not keep.tend(30)
    keep.stop()


def test_children_go_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from support.launcher.supervisor import Child, Supervisor\n"
        "c = Child('c', [sys.executable, '-c', 'import time; time.sleep(60)'], dict(os.environ),"
        f" pathlib.Path({str(tmp_path / 'c.log')!r}))\n"
        "c.start(); print(c.process.pid, flush=True); Supervisor(lambda: None, [c]).tend(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    end = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """A zombie that nobody reaps (a container's first process may not) runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
