"""The private PostgreSQL and Valkey, started and killed for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import local
from support.keeper import Place, ServersNotStarted

VISITOR = Path(__file__).with_name("servers.py")

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A path with spaces, too long for a socket; whoever still lives there is stopped at the end."""
    folder = tmp_path / "a clone with spaces" / ("long " * 18).strip() / "var"
    yield folder
    for pid in users_of(folder):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not users_of(folder))


def users_of(folder: Path) -> list[int]:
    """Every process with the folder among its arguments: keeper, servers, visitors."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.fsencode(folder) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def start(folder: Path, stay: float = 0) -> subprocess.Popen[str]:
    command = [sys.executable, str(VISITOR), str(folder), str(stay)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(visitor: subprocess.Popen[str]) -> tuple[int, int]:
    assert visitor.stdout is not None
    rows, counter = visitor.stdout.readline().split()
    return int(rows), int(counter)


def visit(folder: Path) -> tuple[int, int]:
    visitor = start(folder)
    answer = said(visitor)
    assert visitor.wait(30) == 0
    return answer


def keeper_of(folder: Path) -> int:
    return int((folder / "ready").read_text())


def test_the_first_start_makes_both_and_the_last_user_stops_them(data: Path) -> None:
    assert visit(data) == (1, 1)
    eventually(lambda: not users_of(data))
    assert visit(data) == (2, 2)


def test_five_at_once_share_one_pair(data: Path) -> None:
    visitors = [start(data, stay=3) for _ in range(5)]
    assert sorted(said(visitor)[0] for visitor in visitors) == [1, 2, 3, 4, 5]
    keepers = [pid for pid in users_of(data) if b"keeper.py" in cmdline(pid)]
    assert len(keepers) == 1
    for visitor in visitors:
        visitor.wait(30)


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_killed_user_leaves_nothing_running(data: Path) -> None:
    visitor = start(data, stay=60)
    said(visitor)
    visitor.kill()
    visitor.wait()
    eventually(lambda: not users_of(data))
    assert visit(data) == (2, 2)


def test_a_killed_keeper_takes_the_servers_along_and_the_next_start_keeps_rows(data: Path) -> None:
    visitor = start(data, stay=4)
    said(visitor)
    os.kill(keeper_of(data), signal.SIGKILL)
    assert visit(data) == (2, 2)
    visitor.wait(30)


def test_a_killed_postgres_is_replaced_and_keeps_rows(data: Path) -> None:
    visitor = start(data, stay=4)
    said(visitor)
    os.kill(int((data / "pg" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    eventually(lambda: not (data / "ready").exists())
    assert visit(data) == (2, 2)
    visitor.wait(30)


def test_all_killed_at_once_and_the_next_start_keeps_rows(data: Path) -> None:
    visitor = start(data, stay=60)
    said(visitor)
    for pid in users_of(data):
        os.kill(pid, signal.SIGKILL)
    visitor.wait(30)
    assert visit(data) == (2, 2)


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a directory away")
    folder = tmp_path / "var"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(ServersNotStarted, match="belongs to user 12345"):
        local.ensure(folder)


def test_sockets_fit_however_long_the_path(tmp_path: Path) -> None:
    place = Place(tmp_path / ("x" * 200) / "var")
    assert len(os.fsencode(place.postgres)) < 107
    assert len(os.fsencode(place.valkey)) < 107
