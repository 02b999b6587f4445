"""`./harbour bench NAME`: measure, print JSON on stdout, end."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

#: What can be measured, and the module that does it.
BENCHES = {
    "ingest": "mails a second from the SMTP door to the acknowledgement in a sink",
    "status": "status look-ups a second, against a view that does nothing",
    "list": "the queue's first page at 1 k, 100 k and 1 M tickets",
    "chaos": "a thousand mails while workers, servers and databases die; then the sums",
    "parse": "milliseconds to understand a mail, against the standard library",
    "spine": "the path of a mail in one process, stage by stage",
}
MODULES = {"list": "listing"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="harbour bench", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    modules = {}
    for name, help_text in BENCHES.items():
        modules[name] = import_module(f"bench.{MODULES.get(name, name)}")
        modules[name].add_arguments(commands.add_parser(name, help=help_text))
    options = parser.parse_args(arguments)
    modules[options.name].run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
