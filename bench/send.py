"""A corpus into an SMTP door over some connections at once, as a process of its own.

Run as ``python bench/send.py PORT MAILS SEED PREFIX CONNECTIONS``. Waits for a line on stdin,
so that what it needs is made before the clock starts; prints when it began and ended.
"""

from __future__ import annotations

import smtplib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench import corpus  # noqa: E402 - found by the line above


def main(port: int, mails: int, seed: int, prefix: str, connections: int) -> None:
    made = corpus.generate(mails, seed, prefix).mails
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.time()
    # A thread's mails keep their order: they go over one connection.
    shares = [[m for m in made if m.thread % connections == n] for n in range(connections)]
    refused: list[str] = []
    workers = [Thread(target=_send, args=(port, share, refused)) for share in shares]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"{began:.6f} {time.time():.6f} {len(refused)}", flush=True)


def _send(port: int, mails: Sequence[corpus.Mail], refused: list[str]) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as server:
        server.ehlo("bench.example.org")
        for mail in mails:
            try:
                server.sendmail(mail.sender, [corpus.MAILBOX], mail.raw)
            except smtplib.SMTPException as error:
                refused.append(f"{mail.sender}: {error}")


if __name__ == "__main__":
    numbers = [int(each) for each in (*sys.argv[1:4], sys.argv[5])]
    main(numbers[0], numbers[1], numbers[2], sys.argv[4], numbers[3])
