"""docker-compose.yml and the Dockerfile against the settings and the launcher.

No container engine is at hand where the suite runs, so what can be known by reading is checked.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from support.launcher.up import _children

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name in SERVICES if name not in ("postgres", "valkey")]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETTINGS = (ROOT / "support" / "settings.py").read_text()
IMAGE_ENV = dict(re.findall(r"^\s*(?:ENV )?([A-Z_]+)=(\S+) ?\\?$", DOCKERFILE, re.MULTILINE))
#: Read by something other than our settings.
FOREIGN = {"REMAP_SIGTERM", "PORT"}
SECRETS = ("SECRET_KEY", "HARBOUR_KEYS", "POSTGRES_PASSWORD", "VALKEY_PASSWORD")


def read_by_settings(name: str) -> bool:
    return f'"{name}"' in SETTINGS or f"'{name}'" in SETTINGS


@pytest.mark.parametrize(
    "name", ["web", "worker", "beat", "relay", "maildoor", "mailboxes", "prepare"]
)
def test_every_process_of_up_has_its_service(name: str) -> None:
    assert name in SERVICES


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_the_settings_read(name: str) -> None:
    unknown = {key for key in SERVICES[name]["environment"] if not read_by_settings(key)}
    assert unknown <= FOREIGN


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_come_from_outside_and_have_no_default(name: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{" + name + r"([^}]*)\}", text)) == {":?"}


def test_the_example_names_every_variable_that_must_be_given() -> None:
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?\}", (ROOT / "docker-compose.yml").read_text()))
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE)) == wanted


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "prepare"])
def test_every_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_no_process_of_ours_is_root_or_may_become_it(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert "user" not in SERVICES[name]
    assert DOCKERFILE.rindex("USER harbour") < DOCKERFILE.rindex("CMD")


def test_addresses_lead_to_services_and_volumes_exist() -> None:
    environment = SERVICES["web"]["environment"]
    assert "@postgres:5432/" in environment["DATABASE_URL"]
    assert "@valkey:6379/" in environment["REDIS_URL"]
    mounts = [v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])]
    assert set(mounts) == set(COMPOSE["volumes"])


def test_only_the_web_and_the_mail_door_can_be_reached_from_outside() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert published == {"web": ["127.0.0.1:8000:8000"], "maildoor": ["25:2525"]}
    assert IMAGE_ENV["PORT"] == "8000"
    assert IMAGE_ENV["SMTP_PORT"] == "2525"
    assert IMAGE_ENV["SMTP_HOST"] == "0.0.0.0"


def test_postgres_gets_a_locale_in_which_chinese_can_be_searched() -> None:
    assert "C.UTF-8" in SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_management_commands_exist() -> None:
    words = [s["command"] for s in SERVICES.values() if "manage.py" in s.get("command", [])]
    assert {command[2] for command in words} <= set(get_commands())
    assert len(words) == 4


def test_workers_run_as_they_do_under_up(tmp_path: Path) -> None:
    env = {"HARBOUR_BIND": "0.0.0.0", "PORT": "8000"}
    ours = {c.name: c.command[1:] for c in _children(ROOT, tmp_path, env)}
    assert SERVICES["worker"]["command"][1:] == ours["worker"]
    assert SERVICES["beat"]["command"][1:-1] == ours["beat"][:-1]
    served = re.search(r"^CMD \[(.*?)\]$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert served
    assert re.findall(r'"([^"]*)"', served[1])[1:] == ours["web"]


def test_the_image_is_built_from_the_lock_with_hashes() -> None:
    assert "--require-hashes -r /requirements.lock" in DOCKERFILE
    assert all(read_by_settings(name) for name in IMAGE_ENV if name.startswith("HARBOUR_"))
    scripts = set(re.findall(r"support/\w+\.py", DOCKERFILE + str(COMPOSE)))
    assert all((ROOT / script).exists() for script in scripts)


def test_nothing_private_is_copied_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var", ".env*"} <= set(ignored)
