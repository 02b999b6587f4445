"""`./harbour` itself, as a person or a script starts it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def harbour(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "harbour", *words], check=False, capture_output=True, text=True, timeout=60,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_help_lists_every_command() -> None:
    answer = harbour("help")
    assert answer.returncode == 0
    for word in ("up", "test", "check", "manage", "bench", "demo", "stop", "doctor"):
        assert f"./harbour {word}" in answer.stdout


def test_without_a_word_it_helps() -> None:
    assert harbour().stdout == harbour("--help").stdout


def test_a_word_it_does_not_know() -> None:
    answer = harbour("destroy")
    assert answer.returncode == 2
    assert "There is no `destroy`" in answer.stdout


def test_arguments_where_none_belong_are_refused() -> None:
    answer = harbour("stop", "now")
    assert answer.returncode == 1
    assert "takes no arguments" in answer.stdout


def test_stop_when_nothing_runs(tmp_path: Path) -> None:
    answer = harbour("stop", HARBOUR_DATA=str(tmp_path))
    assert answer.returncode == 0
    assert "not running" in answer.stdout


def test_it_runs_from_any_folder(tmp_path: Path) -> None:
    answer = subprocess.run(
        [ROOT / "harbour", "help"], check=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert "Harbour" in answer.stdout


def test_the_launcher_needs_only_the_standard_library() -> None:
    """It runs before .venv exists: an interpreter without site-packages must get through it."""
    code = (
        "import sys, types; p = types.ModuleType('support'); p.__path__ = ['support'];"
        "sys.modules['support'] = p; import support.launcher.commands"
    )
    done = subprocess.run(
        ["python3", "-I", "-S", "-c", code.replace("import sys,", "import sys; sys.path.insert(0, '.'); import")],
        check=False, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
