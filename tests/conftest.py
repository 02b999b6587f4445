"""What every test has: loopback and unix sockets, and no other network.

The environment and the servers are set up in `tests/environment.py`, which runs earlier.
"""

from collections.abc import Iterator

import pytest

from tests.sink import Sink, running_sink

pytest_plugins = ["tests.browsing"]
LOOPBACK = "127.0.0.1,::1,localhost"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest-socket what may be reached, before it reads its own options."""
    config.option.allow_hosts = LOOPBACK
    config.option.allow_unix_socket = True


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A real SMTP server that keeps what Harbour sends."""
    with running_sink() as sink:
        yield sink
