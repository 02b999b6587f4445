"""Django's PostgreSQL backend, with a health check that costs no round trip.

A server that goes away closes its sockets, and a closed socket can be read from. An idle
connection has nothing to say: one that has is asked, as Django would ask all of them.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        watch = select.poll()  # select() knows no descriptor above 1023
        watch.register(self.connection, select.POLLIN)
        return bool(super().is_usable()) if watch.poll(0) else True
