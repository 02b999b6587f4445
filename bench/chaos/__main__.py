from __future__ import annotations

import sys
from argparse import ArgumentParser

import django

django.setup()

from bench.chaos.play import play  # noqa: E402 - needs the apps loaded above
from bench.chaos.run import add_arguments  # noqa: E402

parser = ArgumentParser()
add_arguments(parser)
sys.exit(play(parser.parse_args()))
