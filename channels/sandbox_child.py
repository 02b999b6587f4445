"""The killable child that reads suspicious mails: no Django, no credentials, bounded memory.

Run by channels.sandbox as `python -m channels.sandbox_child MEMORY SECONDS`.
"""

import resource
import select
import sys
from typing import IO

from channels.mail.frames import read_blob, write_mail, write_refusal
from channels.mail.parsed import Unreadable
from channels.mime import parse_mail

_IDLE_SECONDS = 120
_MOST_MAILS = 500


def main() -> None:
    """Answer mails from stdin on stdout until there are none for two minutes."""
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    for _ in range(_MOST_MAILS):
        if not select.select([stdin], [], [], _IDLE_SECONDS)[0]:
            return
        try:
            raw = read_blob(stdin)
        except EOFError:
            return
        _allow_processor(seconds)
        _answer(raw, stdout)
        stdout.flush()


def _allow_processor(seconds: int) -> None:
    """Processor time for one more mail on top of what is used up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _answer(raw: bytes, stdout: IO[bytes]) -> None:
    try:
        mail = parse_mail(raw)
    except Unreadable as error:
        write_refusal(stdout, error.reason)
    except MemoryError:
        write_refusal(stdout, "needs too much memory")
    else:
        write_mail(stdout, mail)


if __name__ == "__main__":
    main()
