"""A worker in a process of its own, for tests that kill it: works until nothing is due."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support.settings")


def main() -> None:
    django.setup()
    from tests.working import work

    work()


if __name__ == "__main__":
    main()
