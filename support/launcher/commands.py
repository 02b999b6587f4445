"""`./harbour WORD`: which word does what."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.keeper import ServersNotStarted
from support.launcher import checks, translations, up
from support.launcher.install import BASE, DEVELOPMENT, install, python_of
from support.launcher.surroundings import data_directory, environment
from support.launcher.voice import Refused, end_of_pipe, say

HELP = """\
Harbour, a self-hosted support desk.

  ./harbour up            start everything: database, web, workers, mail door (Ctrl-C stops it)
  ./harbour demo          the same, always with the demo's data
  ./harbour stop          stop what `up` started, from another terminal
  ./harbour doctor        is everything well? in words, or as JSON with --json
  ./harbour test [...]    every check and the whole suite; what follows goes to pytest
  ./harbour check         the fast half: format, lint, types, imports, migrations
  ./harbour manage ...    Django's command line and ours: ingest, create_token, quarantine, ...
  ./harbour bench NAME    measure: ingest, status, list
  ./harbour help          this text

Environment, all optional:
  PORT (8000), SMTP_PORT (2525)   where the web and the mail door listen
  HARBOUR_DATA (var/)             where everything is kept
  HARBOUR_DEMO (1)                0 starts empty, with a first-run page
  HARBOUR_BIND (127.0.0.1)        the address to listen on; the demo stays on this machine
  DATABASE_URL, REDIS_URL         servers of your own; then no private ones are started
  EMAIL_URL                       where mail goes; without it, a local mail catcher shows it
"""


def run(folder: str, arguments: list[str]) -> int:
    """The exit code of that command."""
    root = Path(folder)
    word, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if word in ("help", "-h", "--help"):
        say(HELP)
        return 0
    if word not in COMMANDS:
        say(f"There is no `{word}`.\n\n{HELP}")
        return 2
    try:
        return COMMANDS[word](root, rest)
    except (Refused, ServersNotStarted) as refusal:
        say(f"harbour: {refusal}")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        end_of_pipe()


def _inside(root: Path, lock: str) -> None:
    """Install what the lock names, and go on as the Python of .venv."""
    install(root, lock)
    if Path(sys.prefix).resolve() != (root / ".venv").resolve():
        python = str(python_of(root))
        os.execv(python, [python, str(root / "harbour"), *sys.argv[1:]])  # noqa: S606
    translations.compile_all(root)


def _up(root: Path, rest: list[str]) -> int:
    _takes_nothing("up", rest)
    _inside(root, BASE)
    return up.up(root)


def _demo(root: Path, rest: list[str]) -> int:
    os.environ["HARBOUR_DEMO"] = "1"
    return _up(root, rest)


def _stop(root: Path, rest: list[str]) -> int:
    _takes_nothing("stop", rest)
    return up.stop(data_directory(root))


def _test(root: Path, rest: list[str]) -> int:
    _inside(root, DEVELOPMENT)
    return checks.test(root, rest)


def _check(root: Path, rest: list[str]) -> int:
    _takes_nothing("check", rest)
    _inside(root, DEVELOPMENT)
    return checks.check(root)


def _manage(root: Path, rest: list[str]) -> int:
    _inside(root, BASE)
    data = data_directory(root)
    env = environment(root, data) | up.running(data)
    return _as_child([str(python_of(root)), str(root / "manage.py"), *rest], env)


def _doctor(root: Path, rest: list[str]) -> int:
    return _manage(root, ["doctor", *rest])


def _bench(root: Path, rest: list[str]) -> int:
    """On servers and files of its own, so that no figure depends on the demo, nor harms it."""
    _inside(root, DEVELOPMENT)
    env = environment(root, data_directory(root, default="var/bench"))
    return _as_child([str(python_of(root)), str(root / "bench" / "run.py"), *rest], env)


def _as_child(command: list[str], env: dict[str, str]) -> int:
    """Ctrl-C reaches the child as well; let it answer in its own way."""
    child = subprocess.Popen(command, env=env)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def _takes_nothing(word: str, rest: list[str]) -> None:
    if rest:
        raise Refused(f"`{word}` takes no arguments, and was given {' '.join(rest)}.")


COMMANDS: dict[str, Callable[[Path, list[str]], int]] = {
    "up": _up, "demo": _demo, "stop": _stop, "doctor": _doctor, "test": _test,
    "check": _check, "manage": _manage, "bench": _bench,
}  # fmt: skip
