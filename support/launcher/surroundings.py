"""The environment our processes run in: data directory, secrets, ports, what is public."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from support import local
from support.launcher.voice import Refused

Environment = dict[str, str]
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def data_directory(root: Path, default: str = "var") -> Path:
    return Path(os.environ.get("HARBOUR_DATA") or root / default).resolve()


def environment(root: Path, data: Path) -> Environment:
    """Ours, plus what every process of this checkout must agree on."""
    try:
        kept = local.make_secrets(data)
    except OSError as error:
        raise Refused(
            f"{error.filename}: {error.strerror}. Does {data} belong to another user? "
            "Set HARBOUR_DATA to a directory of your own."
        ) from error
    return {
        **{name: value for name, value in kept.items() if f"{name}_FILE" not in os.environ},
        **os.environ,
        "HARBOUR_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "support.settings",
        "PYTHONPATH": str(root),
        "PYTHONUNBUFFERED": "1",
    }


def has_servers(env: Mapping[str, str]) -> bool:
    return bool(env.get("DATABASE_URL") and env.get("REDIS_URL"))


def add_servers(env: Environment, data: Path, *, durable: bool = True) -> None:
    """Start private servers unless both URLs are given; they run until this process ends."""
    if not has_servers(env):
        database, broker = local.ensure(data, durable=durable)
        env["DATABASE_URL"] = env.get("DATABASE_URL") or database
        env["REDIS_URL"] = env.get("REDIS_URL") or broker


def refuse_public_demo(env: Mapping[str, str], data: Path) -> None:
    """The demo's password is printed for everybody: it stays on this machine."""
    if env.get("HARBOUR_DEMO") == "1":
        why = "The demo has a known password"
        cure = "Set HARBOUR_DEMO=0 to start without it."
    elif (data / "demo.json").exists():
        why = f"{data} holds the demo's data, with its known password"
        cure = "Set HARBOUR_DATA to a fresh directory."
    else:
        return
    named = [urlsplit(env.get("HARBOUR_URL", "")).hostname or "", env.get("HARBOUR_BIND", "")]
    named.append(env.get("SMTP_HOST", ""))
    named += env.get("ALLOWED_HOSTS", "").split(",")
    if public := [name.strip() for name in named if not is_local(name.strip())]:
        raise Refused(f"{why} and refuses the public name {public[0]}. {cure}")


def play_providers(env: Environment) -> None:
    """In the demo the chat platforms are played by our own web process."""
    played = {"*": f"http://127.0.0.1:{env['PORT']}/simulators/at"}
    env.setdefault("HARBOUR_PROVIDERS", json.dumps(played))
    hosts = [each for each in env.get("HARBOUR_PRIVATE_HOSTS", "").split(",") if each]
    env["HARBOUR_PRIVATE_HOSTS"] = ",".join([*hosts, "127.0.0.1", "localhost"])


def is_local(name: str) -> bool:
    bare = name.strip("[]").lower()
    return not bare or bare in LOOPBACK or bare.endswith(".localhost")


def choose_port(env: Environment, name: str, default: int, host: str) -> int:
    """The port asked for, or a free one near the default when none was asked for."""
    if asked := env.get(name):
        if not (asked.isascii() and asked.isdigit() and 0 < int(asked) < 65536):
            raise Refused(f"{name}={asked} is not a port number.")
        if not is_free(int(asked), host):
            raise Refused(f"{name}={asked} is taken on {host}. Stop what listens there, or choose.")
        return int(asked)
    for port in range(default, default + 50):
        if is_free(port, host):
            env[name] = str(port)
            return port
    raise Refused(f"No free port from {default} to {default + 49} on {host}: set {name}.")


def is_free(port: int, host: str) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
