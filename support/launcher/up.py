"""`./harbour up`: everything, from servers to a page that answers; and `stop`."""

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from support.keeper import Place, ServersNotStarted
from support.launcher.readiness import Preparation, no_mail_door, no_page
from support.launcher.supervisor import Child, Supervisor
from support.launcher.surroundings import (
    Environment,
    add_servers,
    choose_port,
    data_directory,
    environment,
    has_servers,
    play_providers,
    refuse_public_demo,
)
from support.launcher.voice import Refused, say, step
from support.launcher.welcome import welcome
from support.local import ensure

PATIENCE = 180.0  # seconds for the database, and again until the first page
STEPS = 4
FIRST = ("web", "door", "catcher")  # what people meet; the rest start when these answer
WORKER = {
    "REMAP_SIGTERM": "SIGQUIT",  # hand back what cannot be finished in time
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
}


def up(root: Path) -> int:
    """Run until told to stop. 0 after a clean stop."""
    data = data_directory(root)
    env = environment(root, data)
    env["HARBOUR_DEMO"] = env.get("HARBOUR_DEMO") or "1"
    refuse_public_demo(env, data)
    with _only_one(data) as state:
        private = not has_servers(env)
        _choose_ports(env)
        keep = Supervisor(watch=lambda: _restore_servers(data) if private else None)
        keep.listen()
        with step(1, STEPS, "Starting PostgreSQL and Valkey" if private else "Using your servers"):
            add_servers(env, data)
        _remember(state, env)
        work = Preparation(root, data, env)
        try:
            return _serve(work, _children(root, data, env), env, keep)
        finally:
            say("harbour| stopping …")
            work.stop()
            keep.stop()
            say("harbour| stopped")


def _only_one(data: Path) -> IO[str]:
    """The lock of this data directory, held in up.json, where `stop` and `manage` look."""
    state = (data / "up.json").open("a+")
    try:
        fcntl.flock(state, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        address = running(data).get("HARBOUR_URL", "")
        raise Refused(f"Harbour is already running on {data}. {address}".strip()) from None
    state.truncate(0)
    return state


def _remember(state: IO[str], env: Environment) -> None:
    names = ("PORT", "SMTP_PORT", "EMAIL_URL", "HARBOUR_URL", "HARBOUR_DEMO")
    state.write(json.dumps({"pid": os.getpid(), "env": {n: env[n] for n in names if n in env}}))
    state.flush()


def _choose_ports(env: Environment) -> None:
    host = env.setdefault("HARBOUR_BIND", "127.0.0.1")
    choose_port(env, "PORT", 8000, host)
    choose_port(env, "SMTP_PORT", 2525, env.setdefault("SMTP_HOST", host))
    env.setdefault("HARBOUR_URL", f"http://localhost:{env['PORT']}")
    if env.get("HARBOUR_DEMO") == "1":
        play_providers(env)
    if not env.get("EMAIL_URL"):
        port = choose_port(env, "CATCHER_SMTP_PORT", 1025, "127.0.0.1")
        choose_port(env, "CATCHER_PORT", 8025, "127.0.0.1")
        env["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"


def _children(root: Path, data: Path, env: Environment) -> list[Child]:
    for folder in ("log", "static"):
        (data / folder).mkdir(exist_ok=True)
    python, manage = sys.executable, str(root / "manage.py")
    celery = [python, "-m", "celery", "-q", "-A", "support"]
    host, port = env["HARBOUR_BIND"], env["PORT"]
    commands = {
        "web": [python, "-m", "uvicorn", "support.asgi:application", "--host", host, "--port", port,
                "--timeout-graceful-shutdown", "3", "--no-access-log", "--log-level", "warning"],
        "worker": [*celery, "worker", "--pool", "threads", "-c", "4", "--without-gossip",
                   "--without-mingle", "-l", "warning"],
        "beat": [*celery, "beat", "-l", "warning", "--pidfile=",
                 "--schedule", str(data / "beat-schedule")],
        "relay": [python, manage, "relay"],
        "door": [python, manage, "maildoor", "--mailboxes"],
    }  # fmt: skip
    if "CATCHER_PORT" in env:
        catcher = str(root / "support" / "catcher.py")
        ports = [env["CATCHER_SMTP_PORT"], env["CATCHER_PORT"]]
        commands["catcher"] = [python, "-P", catcher, str(data / "mail"), *ports]
    own = {"worker": {**env, **WORKER}}
    return [
        Child(name, command, own.get(name, env), data / "log" / f"{name}.log")
        for name, command in commands.items()
    ]


def _serve(work: Preparation, children: list[Child], env: Environment, keep: Supervisor) -> int:
    with step(2, STEPS, "Preparing the database"):
        work.begin()
        if not work.was_done_before():
            _wait(keep, work.unfinished)
    with step(3, STEPS, "Starting web and mail door"):
        keep.children = [child for child in children if child.name in FIRST]
        _wait(keep, lambda: work.unfinished() or no_page(env) or no_mail_door(env))
    with step(4, STEPS, "Starting worker, beat and relay"):
        keep.children += [child for child in children if child.name not in FIRST]
        keep.tend(0.2)
    say(welcome(Path(env["HARBOUR_DATA"]), env))
    while keep.tend(1):
        pass
    return 0


def _wait(keep: Supervisor, trouble: Callable[[], str]) -> None:
    """Until there is no trouble, or somebody says stop."""
    end = time.monotonic() + PATIENCE
    while (words := trouble()) and keep.tend(0.1):
        if time.monotonic() > end:
            raise Refused(f"Not ready after {PATIENCE:.0f} s: {words}")
    if keep.stopping.is_set():
        raise KeyboardInterrupt


def _restore_servers(data: Path) -> None:
    """If somebody killed the servers, start them again; our children reconnect by themselves."""
    if not Place(data).answers():
        say("harbour| PostgreSQL or Valkey is gone; starting them again")
        try:
            ensure(data)
        except ServersNotStarted as error:
            say(f"harbour| {error}")


def running(data: Path) -> Environment:
    """What the running `up` chose (ports, mail catcher), for commands beside it; else nothing."""
    state = _state(data)
    return {str(name): str(value) for name, value in state.get("env", {}).items()}


def _state(data: Path) -> dict[str, dict[str, str]]:
    try:
        with (data / "up.json").open() as state:
            fcntl.flock(state, fcntl.LOCK_SH | fcntl.LOCK_NB)  # free: its writer is gone
    except BlockingIOError:
        return dict(json.loads((data / "up.json").read_text() or "{}"))
    except OSError:
        pass
    return {}


def stop(data: Path, patience: float = 30) -> int:
    """Ask the running `up` to stop, and wait until it has."""
    state = _state(data)
    if not state:
        say("Harbour is not running here.")
        return 0
    os.kill(int(str(state["pid"])), signal.SIGTERM)
    end = time.monotonic() + patience
    while _state(data):
        if time.monotonic() > end:
            raise Refused(f"It has not stopped in {patience:.0f} s (process {state['pid']}).")
        time.sleep(0.1)
    say("Stopped.")
    return 0
