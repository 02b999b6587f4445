from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.doors import Running, running_door
from tests.factories import make_account


@pytest.fixture
def door() -> Iterator[Running]:
    make_account()
    with running_door(directory_seconds=0.3) as running:
        yield running
