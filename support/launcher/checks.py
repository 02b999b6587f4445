"""`./harbour test` and `./harbour check`: every check by name, timed; then the suite."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from support.launcher.surroundings import Environment, add_servers, data_directory, environment
from support.launcher.voice import say

Step = tuple[str, list[str]]
#: What `check --deploy` must be content with: a customer's installation behind HTTPS.
DEPLOYED = {"HARBOUR_DEMO": "0", "HARBOUR_URL": "https://support.example.com"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SYSTEM = f"{os.environ.get('PATH', '')}:/usr/sbin"  # where Debian keeps servers


def check(root: Path) -> int:
    """The fast half. 0 when all of it is well."""
    env = _environment(root)
    failed = _run_all(root, _fast(root), env)
    say(f"FAILED: {', '.join(failed)}" if failed else "All checks are well.")
    return 1 if failed else 0


def test(root: Path, arguments: list[str]) -> int:
    """Everything CI runs. The last line is pytest's summary."""
    env = _environment(root)
    manage = [sys.executable, str(root / "manage.py")]
    deploy = [*manage, "check", "--deploy", "--fail-level", "WARNING"]
    failed = _run_all(root, _fast(root), env)
    failed += _run_all(root, [("check --deploy", deploy)], {**env, **DEPLOYED})
    _find("Chromium", BROWSERS, ("chromium", "fonts-noto-cjk"), "the browser journeys")
    _find("Dovecot", ("dovecot",), ("dovecot-imapd",), "tests of fetching mail")
    code, summary = _suite(root, env, arguments)
    if failed:
        say(f"FAILED before the suite: {', '.join(failed)}")
    say(summary)
    return code or (1 if failed else 0)


def _environment(root: Path) -> Environment:
    """A data directory of its own, with servers that spare the disk."""
    data = data_directory(root, default="var/test")
    env = environment(root, data)
    env.update(HARBOUR_TESTING="1", HARBOUR_DEMO="0")
    env.pop("ALLOWED_HOSTS", None)  # what a developer set for the day must not decide
    add_servers(env, data, durable=False)
    return env


def _fast(root: Path) -> list[Step]:
    python = sys.executable
    programs = Path(python).parent
    return [
        ("ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", ".", "harbour"]),
        ("ruff check", [python, "-m", "ruff", "check", "--quiet", ".", "harbour"]),
        ("mypy", [python, "-m", "mypy", "."]),
        ("import-linter", [str(programs / "lint-imports"), "--no-logo"]),
        (
            "migrations",
            [python, str(root / "manage.py"), "makemigrations", "--check", "--dry-run"],
        ),
    ]


def _run_all(root: Path, steps: list[Step], env: Environment) -> list[str]:
    """Run each; the output of those that failed is shown. Returns their names."""
    failed = []
    for name, command in steps:
        begun = time.monotonic()
        done = subprocess.run(command, check=False, cwd=root, env=env, capture_output=True)
        word = "FAILED" if done.returncode else "ok"
        say(f"{name:<16} {word:<7} {time.monotonic() - begun:5.1f} s")
        if done.returncode:
            failed.append(name)
            say((done.stdout + done.stderr).decode(errors="replace"))
    return failed


def _suite(root: Path, env: Environment, arguments: list[str]) -> tuple[int, str]:
    """pytest's exit code and the last line it wrote."""
    workers = str(max(2, os.cpu_count() or 2))
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    command = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "worksteal"]
    last = ""
    with subprocess.Popen(
        [*command, *colour, *arguments], cwd=root, env=env, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as suite:  # fmt: skip
        for line in suite.stdout or ():
            say(line.rstrip("\n"))
            last = line.strip() or last
    return suite.returncode, last


def _find(label: str, programs: tuple[str, ...], packages: tuple[str, ...], what: str) -> None:
    """A program some tests need: installed here where that is possible, or missed loudly."""
    if any(shutil.which(name, path=SYSTEM) for name in programs):
        return
    if os.geteuid() == 0 and (apt := shutil.which("apt-get")):
        say(f"No {label} here: installing {' and '.join(packages)} with apt-get …")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["install", "-y", "-q", "--no-install-recommends", *packages]
        for words in (["update", "-q"], install):
            done = subprocess.run([apt, *words], check=False, env=env, capture_output=True)
        if done.returncode == 0:
            return
        say(done.stderr.decode(errors="replace"))
    say("*" * 78)
    say(f"*** NO {label.upper()}: {what} will not run. apt-get install {packages[0]} ***")
    say("*" * 78)
