"""Ports, secrets, and the demo that stays at home."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from support.launcher import surroundings
from support.launcher.voice import Refused
from support.local import broker_url, make_secrets, secrets_of


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = make_secrets(tmp_path / "data")
    assert make_secrets(tmp_path / "data") == first == secrets_of(tmp_path / "data")
    mode = stat.S_IMODE((tmp_path / "data" / "secrets.env").stat().st_mode)
    assert mode == 0o600
    assert len(first["SECRET_KEY"]) >= 50
    Fernet(first["HARBOUR_KEYS"])
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secrets.env"]


def test_a_broker_on_a_socket_is_said_in_celerys_words() -> None:
    assert broker_url("unix:///tmp/a b.sock?db=3") == "redis+socket:///tmp/a b.sock?virtual_host=3"
    assert broker_url("redis://host:6379/1") == "redis://host:6379/1"


def test_a_taken_port_moves_on_when_nobody_asked_for_it(taken: int) -> None:
    env: dict[str, str] = {}
    port = surroundings.choose_port(env, "PORT", taken, "127.0.0.1")
    assert port > taken
    assert env == {"PORT": str(port)}


def test_a_taken_port_is_refused_when_it_was_asked_for(taken: int) -> None:
    with pytest.raises(Refused, match=f"PORT={taken} is taken"):
        surroundings.choose_port({"PORT": str(taken)}, "PORT", 8000, "127.0.0.1")


@pytest.mark.parametrize("asked", ["http", "0", "70000", "-1", "８０"])
def test_a_port_that_is_none_is_refused(asked: str) -> None:
    with pytest.raises(Refused):
        surroundings.choose_port({"PORT": asked}, "PORT", 8000, "127.0.0.1")


@pytest.mark.parametrize(
    "public",
    [
        {"HARBOUR_URL": "https://support.example.com"},
        {"ALLOWED_HOSTS": "localhost, support.example.com"},
        {"ALLOWED_HOSTS": "*"},
        {"HARBOUR_BIND": "0.0.0.0"},
    ],
)
def test_the_demo_refuses_a_public_name(tmp_path: Path, public: dict[str, str]) -> None:
    with pytest.raises(Refused, match="known password"):
        surroundings.refuse_public_demo({"HARBOUR_DEMO": "1", **public}, tmp_path)
    surroundings.refuse_public_demo({"HARBOUR_DEMO": "0", **public}, tmp_path)


def test_data_that_once_was_a_demos_stays_at_home_too(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{}")
    with pytest.raises(Refused, match="fresh directory"):
        surroundings.refuse_public_demo(
            {"HARBOUR_DEMO": "0", "HARBOUR_URL": "https://support.example.com"}, tmp_path
        )


def test_the_demo_runs_on_local_names(tmp_path: Path) -> None:
    hosts = "localhost,127.0.0.1,[::1],desk.localhost"
    env = {"HARBOUR_DEMO": "1", "ALLOWED_HOSTS": hosts, "HARBOUR_URL": "http://[::1]:8000"}
    surroundings.refuse_public_demo(env, tmp_path)
