"""What a customer does on the pages, as the tests of several files need it."""

from __future__ import annotations

import re
import time
from unittest.mock import patch

from django.http import HttpResponse
from django.test import Client

from portal.forms import new_token
from tests.sink import Sink
from tests.working import work
from tickets.models import Ticket

SCRIPT = '<script>alert("x")</script>'


def token() -> str:
    """As on a page that was opened a minute ago."""
    with patch("time.time", return_value=time.time() - 60):
        return new_token()


def form(**values: object) -> dict[str, object]:
    defaults = {"subject": "Deposit", "text": "It is missing.", "email": "ann@example.org"}
    return {**defaults, "token": token(), "language": "en", **values}


def shown(response: HttpResponse) -> str:
    return response.content.decode()


def prove(client: Client, ticket: Ticket, sink: Sink, address: str = "ann@example.org") -> None:
    """Ask for a code, take it from the mail, and enter it."""
    client.post(f"/status/{ticket.reference}/ask/", {"email": address})
    work()
    code = re.search(r"^\s+(\d{6})\s*$", sink.mails[-1].get_content(), re.M)
    assert code
    response = client.post(f"/status/{ticket.reference}/code/", {"code": code[1]})
    assert response.status_code == 302, shown(response)
