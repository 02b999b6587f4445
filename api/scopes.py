"""What a token may do. An agent's own permissions apply on top when it acts for one."""

from __future__ import annotations

from typing import Final

TICKETS_READ: Final = "tickets:read"
TICKETS_WRITE: Final = "tickets:write"
MESSAGES_WRITE: Final = "messages:write"
NOTES_WRITE: Final = "notes:write"
CONTACTS_READ: Final = "contacts:read"
CONTACTS_WRITE: Final = "contacts:write"
ATTACHMENTS_READ: Final = "attachments:read"
ATTACHMENTS_WRITE: Final = "attachments:write"

#: Every scope, and the action of ``people.permissions`` that its agent needs too.
ACTIONS: Final = {
    TICKETS_READ: "tickets.work",
    TICKETS_WRITE: "tickets.work",
    MESSAGES_WRITE: "tickets.work",
    NOTES_WRITE: "tickets.work",
    CONTACTS_READ: "contacts.read",
    CONTACTS_WRITE: "contacts.read",
    ATTACHMENTS_READ: "attachments.read",
    ATTACHMENTS_WRITE: "tickets.work",
}
ALL: Final = tuple(ACTIONS)
