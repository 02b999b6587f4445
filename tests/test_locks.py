"""The lock files: hashes for everything, addresses of nobody, one version of each package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|\.(org|com|net|io)/", text)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text().strip())
    without = [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block]
    assert not without


@pytest.mark.parametrize("name", LOCKS)
def test_no_package_takes_the_name_of_our_room(name: str) -> None:
    assert "channels" not in pins(name)


def test_what_is_tested_is_what_is_shipped() -> None:
    shipped, tested = pins("requirements.lock"), pins("requirements-dev.lock")
    assert len(shipped) > 50
    assert {name: tested.get(name) for name in shipped} == shipped


def test_every_requirement_is_locked() -> None:
    for wanted, lock in (("requirements.in", LOCKS[0]), ("requirements-dev.in", LOCKS[1])):
        names = re.findall(r"^([A-Za-z0-9._-]+)", (ROOT / wanted).read_text(), re.MULTILINE)
        locked = {plain(name) for name in pins(lock)}
        assert {plain(name) for name in names if not name.startswith("-")} <= locked


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
