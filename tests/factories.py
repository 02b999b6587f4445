"""Plain functions that make rows. Each gives the least that is valid."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from channels.models import Account
from people.models import Team, User
from people.operations import Address
from tickets.inbound import InboundMessage
from tickets.models import Inbox, Message, Ticket
from tickets.operations.intake import receive_message

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANN = Address("email", "ann@example.org", name="Ann")
_numbers = count(1)


def make_inbox(**values: Any) -> Inbox:
    team, _ = Team.objects.get_or_create(name="Support")
    return Inbox.objects.create(**{"name": "Front desk", "team": team} | values)


def make_account(**values: Any) -> Account:
    defaults = {"kind": "email", "address": "support@example.com"}
    if "inbox" not in values:
        defaults["inbox"] = make_inbox()
    return Account.objects.create(**defaults | values)


def make_agent(**values: Any) -> User:
    n = next(_numbers)
    defaults = {"email": f"agent{n}@example.com", "password": None, "name": f"Agent {n}"}
    return User.objects.create_agent(**defaults | {"sees_all_tickets": True} | values)


def inbound(external_id: str = "m1@example.org", **values: Any) -> InboundMessage:
    defaults: dict[str, Any] = {"sender": ANN, "text": "My kettle leaks", "sent_at": NOON}
    return InboundMessage(external_id=external_id, **defaults | values)


def make_message(inbox: Inbox | None = None, **values: Any) -> Message:
    """An inbound message, on a ticket of its own unless it continues one."""
    inbox = inbox or Inbox.objects.first() or make_account().inbox
    return receive_message(inbox, inbound(f"m{next(_numbers)}@example.org", **values))


def make_ticket(inbox: Inbox | None = None, **values: Any) -> Ticket:
    return make_message(inbox, **values).ticket


def raw_mail(**values: str) -> bytes:
    """A plain mail from Ann to support; headers by keyword, ``text`` for the body."""
    n = next(_numbers)
    headers = {
        "From": "Ann <ann@example.org>",
        "To": "support@example.com",
        "Subject": "Kettle leaks",
        "Message-ID": f"<mail-{n}@example.org>",
        "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
        "Content-Type": "text/plain; charset=utf-8",
    }
    text = values.pop("text", "My kettle leaks.")
    headers |= {key.replace("_", "-"): value for key, value in values.items()}
    lines = [f"{key}: {value}" for key, value in headers.items() if value]
    return "\r\n".join([*lines, "", text, ""]).encode()
