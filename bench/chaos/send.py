"""Customers and their mail servers: deliver each mail, again and again until it is taken.

Run as ``python bench/chaos/send.py PORT CASES LOG SINK_LOG SEED``. Reads a number per line on
stdin and delivers so many copies more; a mail that was taken is a line in LOG. Robots answer
whatever the sink took for them. Ends with stdin.
"""

from __future__ import annotations

import json
import random
import smtplib
import sys
import time
from pathlib import Path
from typing import Any, TextIO

ROBOT = "@robot.example.org"
MAILBOX = "support@example.com"
PATIENCE = 120
#: Answers that one robot gives in a run: an endless loop must be seen, not waited for.
ROBOT_ANSWERS = 20


class Post:
    """One connection to the mail door, opened again whenever it breaks."""

    def __init__(self, port: int, log: TextIO) -> None:
        self.port, self.log = port, log
        self.server: smtplib.SMTP | None = None

    def deliver(self, number: str, sender: str, raw: bytes) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self._connected().sendmail(sender, [MAILBOX], raw)
                break
            except smtplib.SMTPDataError as error:
                if error.smtp_code >= 500 or time.monotonic() > end:
                    self.log.write(f"refused {number} {error.smtp_code}\n")
                    self.log.flush()
                    return
            except (smtplib.SMTPException, OSError):
                if time.monotonic() > end:
                    raise
            self.server = None
            time.sleep(0.05)
        self.log.write(f"taken {number}\n")
        self.log.flush()

    def _connected(self) -> smtplib.SMTP:
        if self.server is None:
            self.server = smtplib.SMTP("127.0.0.1", self.port, timeout=30)
            self.server.ehlo("chaos.example.org")
        return self.server


class Robots:
    """They answer all that they get, and mark nothing as automatic."""

    def __init__(self, sink_log: Path) -> None:
        self.sink_log, self.read, self.answers = sink_log, 0, {}  # type: Path, int, dict[str, int]

    def answer(self, post: Post) -> None:
        lines = self.sink_log.read_text().splitlines()
        for line in lines[self.read :]:
            to = line.split(" ", 1)[0]
            given = self.answers.get(to, 0)
            if not to.endswith(ROBOT) or given >= ROBOT_ANSWERS:
                continue
            self.answers[to] = given + 1
            number = f"{to}/{given}"
            raw = (
                f"From: <{to}>\r\nTo: {MAILBOX}\r\nSubject: Re: your mail\r\n"
                f"Message-ID: <{given}.{to}>\r\nX-Chaos-Id: {number}\r\n\r\nThank you {given}\r\n"
            )
            post.deliver(number, to, raw.encode())
        self.read = len(lines)


def copies_of(cases: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """All deliveries, shuffled; a mail that follows another comes after its first copy."""
    dice = random.Random(f"send/{seed}")
    row = [case for case in cases for _ in range(case["copies"])]
    dice.shuffle(row)
    row.sort(key=lambda case: case["after"] >= 0)
    return row


def main(port: int, cases: Path, log: Path, sink_log: Path, seed: int) -> None:
    row = copies_of(json.loads(cases.read_text()), seed)
    with log.open("a") as out:
        post, robots = Post(port, out), Robots(sink_log)
        print(len(row), flush=True)
        for line in sys.stdin:
            for _ in range(min(int(line), len(row))):
                case = row.pop(0)
                raw = case["raw"].encode("utf-8", "surrogateescape")
                post.deliver(str(case["number"]), case["sender"], raw)
            robots.answer(post)
            print(len(row), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), *(Path(each) for each in sys.argv[2:5]), int(sys.argv[5]))
