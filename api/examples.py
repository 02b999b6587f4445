"""One true-to-life example of each body and answer, for the OpenAPI document."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

_FILE = {
    "id": "0d2b6a52-5a35-4c1e-9a0e-2f8f0f1f7c11",
    "name": "screenshot.png",
    "content_type": "image/png",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
_FRONT_DESK = {"id": 1, "name": "Front desk"}
_MIA = {"id": 3, "name": "Mia Tan"}


def _answer(name: str, value: object, *statuses: str) -> OpenApiExample:
    return OpenApiExample(
        name, value, response_only=True, status_codes=list(statuses or ("200", "201"))
    )


def _body(name: str, value: object) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


TICKET = _answer(
    "A ticket",
    {
        "reference": "4829137304562",
        "number": "4829-1373-0456-2",
        "subject": "Card was charged twice",
        "preview": "My card was charged twice for one order.",
        "status": "open",
        "priority": "high",
        "language": "en",
        "category": "billing",
        "tags": ["refund"],
        "inbox": _FRONT_DESK,
        "team": {"id": 2, "name": "Billing"},
        "assignee": _MIA,
        "requester": {"id": 17, "name": "Ann Lee", "email": "ann@example.org"},
        "continues": None,
        "created_at": "2027-01-15T09:30:00Z",
        "active_at": "2027-01-15T09:30:00Z",
        "waiting_since": "2027-01-15T09:30:00Z",
        "reply_due_at": "2027-01-16T09:30:00Z",
        "follow_up_at": None,
        "follow_up_why": "",
        "solved_at": None,
    },
)
NEW_TICKET = _body(
    "A new ticket",
    {
        "requester": {"email": "ann@example.org", "name": "Ann Lee"},
        "subject": "Card was charged twice",
        "text": "My card was charged twice for one order.",
        "category": "billing",
        "language": "en",
    },
)
TICKET_CHANGE = _body(
    "Take it and make it urgent", {"assignee": 3, "priority": "urgent", "tags": ["refund", "vip"]}
)
MESSAGE = _answer(
    "A message",
    {
        "id": 90,
        "ticket": "4829137304562",
        "direction": "outbound",
        "author": "requester",
        "contact": None,
        "agent": _MIA,
        "channel": "",
        "text": "We have returned the second charge.",
        "quoted": "",
        "to": [{"name": "Ann Lee", "email": "ann@example.org"}],
        "cc": [{"name": "Carl", "email": "carl@example.net"}],
        "bcc": [],
        "reply_to": [],
        "is_automatic": False,
        "is_verified": False,
        "failure": "",
        "deliveries": [
            {"to": "ann@example.org", "status": "queued", "error": "", "sent_at": None},
            {"to": "carl@example.net", "status": "queued", "error": "", "sent_at": None},
        ],
        "send_at": None,
        "sent_at": None,
        "created_at": "2027-01-15T10:05:00Z",
        "attachments": [
            {
                **_FILE,
                "is_inline": False,
                "url": f"https://desk.example.com/api/v1/attachments/{_FILE['id']}",
            }
        ],
    },
)
REPLY = _body(
    "A reply",
    {
        "direction": "outbound",
        "text": "We have returned the second charge.",
        "status": "solved",
        "cc": [{"email": "carl@example.net", "name": "Carl"}],
        "send_at": "2027-01-16T09:00:00Z",
        "attachments": [_FILE["id"]],
    },
)
NOTE = _body("An internal note", {"direction": "note", "text": "Refund 5521 is approved."})
CONTACT = _answer(
    "A contact",
    {
        "id": 17,
        "name": "Ann Lee",
        "language": "en",
        "created_at": "2027-01-15T09:30:00Z",
        "identities": [
            {
                "kind": "email",
                "value": "ann@example.org",
                "is_verified": True,
                "is_undeliverable": False,
            }
        ],
    },
)
NEW_CONTACT = _body("A new contact", {"email": "ann@example.org", "name": "Ann Lee"})
CONTACT_CHANGE = _body("Another language", {"language": "zh-hans"})
UPLOAD = _answer("An upload", _FILE, "201")
FILE = OpenApiExample(
    "A file", "the bytes of the file", response_only=True, status_codes=["200"],
    media_type="application/octet-stream",
)  # fmt: skip
PLAIN_STATUS = _answer(
    "Being worked on",
    {
        "reference": "4829137304562",
        "state": "in_progress",
        "updated_on": "2027-01-15",
        "next_reply_due_at": "2027-01-16T09:30:00Z",
        "must_act": False,
    },
    "200",
)
TEAM = _answer("A team", {"id": 2, "name": "Billing"})
AGENT = _answer("An agent", {"id": 3, "name": "Mia Tan", "email": "mia@example.com", "teams": [2]})
CATEGORY = _answer(
    "A category", {"slug": "billing", "name": "Billing", "name_zh": "账单", "is_offered": True}
)
INBOX = _answer(
    "An inbox", {**_FRONT_DESK, "channel": "email", "team": None, "reply_within": "1 00:00:00"}
)
