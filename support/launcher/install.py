"""Makes `.venv` from a lock file with hashes: by uv, or by pip where uv cannot be had."""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from support.launcher.voice import Refused, say

BASE, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
NO_VENV = (
    "python3 -m venv failed. On Debian and Ubuntu: apt-get install python3-venv (as root), "
    "then start again."
)


def python_of(root: Path) -> Path:
    return root / ".venv" / "bin" / "python"


def install(root: Path, lock: str) -> None:
    """Bring `.venv` to what the lock says. Does nothing, in no time, when it is there already."""
    with _alone(root):
        stamp = root / ".venv" / f".{lock}.installed"
        wanted = _fingerprint(root, lock)
        if python_of(root).exists() and stamp.exists() and stamp.read_text() == wanted:
            return
        say("Installing packages into .venv (the first time this takes up to a minute) …")
        _make_venv(root)
        _install_packages(root, lock)
        stamp.write_text(wanted)


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Two first starts at once: the second waits. The lock is on the folder itself, since uv
    takes .venv/.lock for its own and a rebuilt .venv would lose a file of ours."""
    venv = root / ".venv"
    if venv.exists() and venv.stat().st_uid != os.geteuid():
        raise Refused(f"{venv} belongs to another user. Run as that user, or remove it first.")
    if not venv.exists() and not os.access(root, os.W_OK):
        raise Refused(f"{root} is not writable for you, and .venv must be made in it.")
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _fingerprint(root: Path, lock: str) -> str:
    content = (root / lock).read_bytes() + sys.version.encode() + os.fsencode(root)
    return hashlib.sha256(content).hexdigest()


def _make_venv(root: Path) -> None:
    venv = root / ".venv"
    if _version_of(python_of(root)) == f"{sys.version_info[0]}.{sys.version_info[1]}" and _has_pip(
        root
    ):
        return
    base = getattr(sys, "_base_executable", sys.executable)
    if subprocess.run([base, "-m", "venv", "--clear", str(venv)], check=False).returncode:
        raise Refused(NO_VENV)


def _version_of(python: Path) -> str:
    """ "3.11", or nothing when that Python does not run (the folder was moved, or half made)."""
    with contextlib.suppress(OSError):
        words = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        return done.stdout.strip()
    return ""


def _has_pip(root: Path) -> bool:
    words = [str(python_of(root)), "-c", "import pip"]
    return not subprocess.run(words, check=False, stderr=subprocess.DEVNULL).returncode


def _install_packages(root: Path, lock: str) -> None:
    python = python_of(root)
    pip: list[str | Path] = [python, "-m", "pip", "-qq", "--disable-pip-version-check", "install"]
    hashed = ["--require-hashes", "-r"]
    uv: list[str | Path] = [python, "-m", "uv", "pip", "install", "-q", "--python", python]
    if _runs([*pip, *hashed, root / "requirements-uv.lock"]) and _runs(
        [*uv, "--link-mode", "copy", *hashed, root / lock]
    ):
        return
    say("uv could not install them; trying again with pip …")
    if not _runs([*pip, *hashed, root / lock]):
        raise Refused("Installing the packages failed: the lines above say why.")


def _runs(command: list[str | Path]) -> bool:
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode == 0
