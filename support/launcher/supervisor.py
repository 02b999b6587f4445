"""Keeps the processes of `up` running, and ends them together.

Each child has a session of its own, so that Ctrl-C in the terminal reaches only us, and is told by
the kernel when we are gone. A child that dies is started again, at once and then ever later.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from support.keeper import LOG_LIMIT, die_with_parent
from support.launcher.voice import say

FIRST_PAUSE, LONGEST_PAUSE, SETTLED = 0.5, 30.0, 30.0
FAREWELL = 10.0  # seconds to leave by oneself


@dataclass
class Child:
    """One process: what to run, and how long to wait before it is run again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    pause: float = FIRST_PAUSE
    process: subprocess.Popen[str] | None = None
    born: float = 0
    due: float | None = 0
    leaving: bool = False

    def start(self) -> None:
        tie = die_with_parent(signal.SIGTERM)

        def leave_the_terminal() -> None:
            os.setsid()
            tie()

        self.born, self.due = time.monotonic(), None
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", env=self.environment,
            preexec_fn=leave_the_terminal,
        )  # fmt: skip
        threading.Thread(target=self._pass_on, args=(self.process,), daemon=True).start()

    def _pass_on(self, process: subprocess.Popen[str]) -> None:
        """Read to the end whatever happens: a full pipe would stop the child."""
        if process.stdout is None:
            return
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.unlink()
        with self.log.open("a", buffering=1) as log:
            for line in process.stdout:
                if line.strip() and not self.leaving:
                    say(f"{self.name:7}| {line.rstrip()}")
                with contextlib.suppress(OSError):
                    log.write(line)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def look_after(self) -> None:
        """Start it when it is due; when it has died, say so and make it due."""
        now = time.monotonic()
        if self.due is not None:
            if now >= self.due:
                self.start()
        elif self.process and self.process.poll() is not None:
            settled = now - self.born > SETTLED
            self.pause = FIRST_PAUSE if settled else min(self.pause * 2, LONGEST_PAUSE)
            self.due = now + self.pause
            code = self.process.returncode
            say(f"harbour| {self.name} ended ({code}); again in {self.pause:.0f} s")

    def signal_group(self, number: int) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


@dataclass
class Supervisor:
    """Runs its children until `stopping` is set; `watch` is called about once a second."""

    watch: Callable[[], None]
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Stop on Ctrl-C, SIGTERM and a closed terminal, unless nohup asked to ignore that."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: self.stopping.set())

    def tend(self, seconds: float) -> bool:
        """Look after the children for so long; False once it is time to stop."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for child in self.children:
                child.look_after()
            if self.stopping.wait(0.2):
                return False
        self.watch()
        return not self.stopping.is_set()

    def stop(self) -> None:
        """SIGTERM to the main process of each (a warm stop), SIGKILL to what is left."""
        for child in self.children:
            child.leaving = True
            if child.process and child.alive():
                child.process.terminate()
        end = time.monotonic() + FAREWELL
        while time.monotonic() < end and any(child.alive() for child in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.signal_group(signal.SIGKILL)
        for child in self.children:
            if child.process:
                child.process.wait()
