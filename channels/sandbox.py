"""Reads mails without trusting them: ordinary ones here, suspicious ones in a killable child."""

import math
import os
import subprocess
import sys
import threading
from pathlib import Path

from channels.mail.frames import read_mail, write_blob
from channels.mail.limits import tame
from channels.mail.parsed import ParsedMail, Unreadable
from channels.mime import parse_mail

__all__ = ["Unreadable", "understand"]

_ROOT = Path(__file__).resolve().parents[1]
_ORDINARY_BYTES = 256 * 1024
_ORDINARY_HEADER_BYTES = 64 * 1024
_ORDINARY_PARTS = 50
_MOST_CHILDREN = 2
_LEAVING_SECONDS = 0.5
_MEMORY = 512 * 1024 * 1024


def understand(raw: bytes, *, timeout: float = 10.0, memory: int = _MEMORY) -> ParsedMail:
    """The parsed mail; Unreadable when it is refused, or costs too much time or memory."""
    ordinary = len(raw) < _ORDINARY_BYTES and _is_ordinary(raw)
    return parse_mail(raw) if ordinary else _children.understand(raw, timeout, memory)


def _is_ordinary(raw: bytes) -> bool:
    _, shape, _ = tame(raw)
    return (
        shape.parts < _ORDINARY_PARTS
        and shape.depth < _ORDINARY_PARTS
        and shape.header_bytes < _ORDINARY_HEADER_BYTES
    )


class _Child:
    """One child process, for one mail at a time.

    Its pipes are unbuffered: a fork must not inherit half a mail and write it a second time.
    """

    def __init__(self, memory: int, seconds: int) -> None:
        self.limits = (memory, seconds)
        environment = {"PYTHONPATH": str(_ROOT), "PATH": os.defpath, "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(  # noqa: S603 - our own module, no input in the command
            [sys.executable, "-s", "-m", "channels.sandbox_child", str(memory), str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=_ROOT, env=environment, start_new_session=True, bufsize=0,
        )  # fmt: skip

    def ask(self, raw: bytes, timeout: float) -> ParsedMail:
        """Unreadable when the child refuses; EOFError or OSError when it died."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise EOFError
        alarm = threading.Timer(timeout, self.process.kill)
        alarm.start()
        try:
            write_blob(stdin, raw)
            return read_mail(stdout)
        finally:
            alarm.cancel()

    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Gone for certain; one that is leaving by itself may finish, so that we know it did."""
        try:
            self.process.wait(_LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


class _Retired(Exception):
    """A child ended by itself, as it does after a while; another one can be asked."""


class _Children:
    """At most two children, handed from thread to thread; a fork starts with none."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Children belong to the process that started them."""
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._room = threading.BoundedSemaphore(_MOST_CHILDREN)

    def understand(self, raw: bytes, timeout: float, memory: int) -> ParsedMail:
        with self._room:
            child, used = self._take(memory, math.ceil(timeout))
            try:
                return self._ask(child, raw, timeout)
            except _Retired:
                if not used:
                    raise Unreadable("takes too much time or memory") from None
            return self._ask(_Child(memory, math.ceil(timeout)), raw, timeout)

    def _ask(self, child: _Child, raw: bytes, timeout: float) -> ParsedMail:
        """The child's answer; _Retired when it had left by itself before it saw the mail."""
        try:
            mail = child.ask(raw, timeout)
        except Unreadable:
            self._give_back(child)
            raise
        except (EOFError, OSError, ValueError):
            child.end()
            if child.process.returncode == 0:
                raise _Retired from None
            raise Unreadable("takes too much time or memory") from None
        self._give_back(child)
        return mail

    def _take(self, memory: int, seconds: int) -> tuple[_Child, bool]:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive() and child.limits == (memory, seconds):
                    return child, True
                child.process.kill()
                child.end()
        return _Child(memory, seconds), False

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            self._idle.append(child)


_children = _Children()
