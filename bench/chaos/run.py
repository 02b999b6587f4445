"""The stage of a chaos run: servers of its own, the customers' mail server, and the play."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace

from bench.stage import ROOT, Processes, free_port, say, stage


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=20, help="at each named point")
    parser.add_argument("--restarts", type=int, default=10, help="of Postgres; flushes of Valkey")
    parser.add_argument("--dies", type=int, default=100, help="mails taken without an answer")
    parser.add_argument("--minutes", type=float, default=20, help="the run ends by then")


def run(options: Namespace) -> None:
    """Print the sums as JSON; exits with 1 when an invariant does not hold."""
    with stage() as files, Processes(files) as processes:
        sent, mode = str(files / "sent"), str(files / "mode")
        sink = processes.start("sink", "bench/chaos/sink.py", sent, mode, str(options.dies))
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{_line(sink)}"
        os.environ["SMTP_PORT"] = str(free_port())
        words = [f"--{name}={value}" for name, value in vars(options).items() if name != "name"]
        command = [sys.executable, "-m", "bench.chaos", *words]
        done = subprocess.run(command, cwd=ROOT, timeout=60 * options.minutes + 300, check=False)
        if done.returncode:
            say(processes.log_of("sink"))
            raise SystemExit(done.returncode)


def _line(child: subprocess.Popen[str]) -> str:
    return child.stdout.readline().strip() if child.stdout else ""
