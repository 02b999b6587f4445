from tickets.models.catalogue import Category, Tag
from tickets.models.inbox import Inbox
from tickets.models.message import Attachment, Message, SideThread
from tickets.models.status import DONE, Priority, Status
from tickets.models.ticket import (
    STATUS_FIELDS,
    Participant,
    Ticket,
    TicketReference,
)

__all__ = [
    "DONE",
    "STATUS_FIELDS",
    "Attachment",
    "Category",
    "Inbox",
    "Message",
    "Participant",
    "Priority",
    "SideThread",
    "Status",
    "Tag",
    "Ticket",
    "TicketReference",
]
