from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from channels.mailboxes.run import run
from channels.models import Account
from tests.channels.mailboxes.boxes import make_mailbox
from tests.channels.mailboxes.dovecot import PROGRAM, Dovecot

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    if PROGRAM is None:
        told = "*** NO DOVECOT: fetching mail is not tested. apt-get install dovecot-imapd ***"
        print(told)
        pytest.skip(told)
    root = tempfile.mkdtemp(prefix="harbour-dovecot-")
    os.chmod(root, 0o755)  # noqa: S103 - Dovecot runs as another user
    dovecot = Dovecot(Path(root))
    try:
        dovecot.start()
        yield dovecot
    finally:
        dovecot.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def dovecot(server: Dovecot) -> Dovecot:
    """The server with an empty mailbox."""
    server.user = f"support{next(_numbers)}@example.com"
    return server


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    return make_mailbox(dovecot)


@pytest.fixture
def watching() -> Iterator[threading.Event]:
    """All mailboxes are watched, as `manage mailboxes` does, until this is set."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=[stop], daemon=True)
    thread.start()
    yield stop
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
