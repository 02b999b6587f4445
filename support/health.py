"""Is this container's process well? For health checks: quick, and without a start of Django.

python -P support/health.py web | maildoor | worker | relay | mailboxes
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from urllib.parse import urlsplit

import psycopg2

PATIENCE = 4
HEARTBEAT = "select at > now() - interval '90 seconds' from support_heartbeat where name = %s"


def web() -> bool:
    """/readyz says 200: this process, its database and Redis."""
    address = urlsplit(os.environ.get("HARBOUR_URL", "http://localhost")).netloc
    door = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=PATIENCE)
    door.request("GET", "/readyz", headers={"Host": address})
    return door.getresponse().status == http.client.OK


def maildoor() -> bool:
    """The door greets (RFC 5321 section 3.1)."""
    with socket.create_connection(("127.0.0.1", int(os.environ["SMTP_PORT"])), PATIENCE) as door:
        return door.recv(3) == b"220"


def beats(name: str) -> bool:
    """It has written its heartbeat lately. Beat asks for the worker's: it tells of both."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=PATIENCE)
    try:
        with connection.cursor() as cursor:
            cursor.execute(HEARTBEAT, [name])
            row = cursor.fetchone()
    finally:
        connection.close()
    return bool(row and row[0])


def main() -> int:
    doors = {"web": web, "maildoor": maildoor}
    kind = sys.argv[1]
    try:
        well = doors[kind]() if kind in doors else beats(kind)
    except (OSError, http.client.HTTPException, psycopg2.Error) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the engine keeps what a check prints
        return 1
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
