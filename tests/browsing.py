"""A real Chromium for the tests, which leaves no database session behind."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
#: Quiet: no look-ups of anybody else's hosts.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for a module.

    The driver keeps an event loop running in this thread. As long as it runs, Django keeps the
    connections of the thread in another place, where nobody else finds them to close them: what
    an earlier browser left there is stale, and what this one leaves there holds a session open.
    """
    if not Path(CHROMIUM).exists():
        told = f"NO BROWSER: {CHROMIUM} is not installed; no page was looked at"
        warnings.warn(told, stacklevel=1)
        pytest.skip(told)
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        connections.close_all()
        yield browser
        connections.close_all()
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The module's Chromium; what a test opens in it is closed after it."""
    yield chromium
    for context in chromium.contexts:
        context.close()
