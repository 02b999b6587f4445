"""What leaves: the account it leaves by, and the headers it bears (rules 41 to 48)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings

from channels.incoming import LOOP_HEADER
from channels.models import Account
from channels.threads import new_message_id, reply_address, root_id
from people.models import User
from tickets.models import Inbox, Message, Ticket

_NAMED = re.compile(r"\{(agent|team|company)\}")
_REAL_ID = re.compile(r"[!\"$-;=?-~]+@[!\"$-;=?-~]+")  # one with our own addition has a #
AUTOMATIC = {
    "Auto-Submitted": "auto-replied",
    "X-Auto-Response-Suppress": "All",
    "Precedence": "auto_reply",
    "X-Autoreply": "yes",
}


def accounts_of(inbox_ids: Iterable[int]) -> dict[int, Account]:
    """The account that answers for each inbox: its own, else the first mailbox.

    One that only watches answers for nobody but its own inbox, where nothing may leave.
    """
    accounts = list(Account.objects.filter(is_active=True).exclude(address="").order_by("pk"))
    accounts.sort(key=lambda account: account.mode == Account.Mode.WATCH)
    own = {account.inbox_id: account for account in reversed(accounts)}
    live = [account for account in accounts if account.mode == Account.Mode.LIVE]
    mailbox = next((a for a in live if a.kind == "email"), None) or next(iter(live), None)
    found = {inbox_id: own.get(inbox_id) or mailbox for inbox_id in inbox_ids}
    return {inbox_id: account for inbox_id, account in found.items() if account is not None}


def envelope(account: Account, ticket: Ticket, answers: Message | None) -> dict[str, Any]:
    """Sender, reply address and thread of a mail about ``ticket``.

    ``answers`` is the customer's message it follows; its own Message-ID is referred to.
    """
    takes_plus = account.settings.get("plus_addressing", True)
    return {
        "sender": account.address,
        "from_name": sender_name(account, ticket.inbox),
        "reply_to": reply_address(account.address, ticket.pk) if takes_plus else "",
        "headers": thread_headers(root_id(ticket.pk), [], answers),
    }


def sender_name(account: Account, inbox: Inbox, agent: User | None = None) -> str:
    """What customers see as the sender: the inbox's format, unless it wants an agent's name
    and there is none."""
    if inbox.from_name and (agent is not None or "{agent}" not in inbox.from_name):
        return filled(inbox.from_name, inbox, agent)
    return str(account.settings.get("from_name") or settings.HARBOUR_NAME)


def filled(words: str, inbox: Inbox, agent: User | None) -> str:
    """``{agent}``, ``{team}`` and ``{company}`` replaced, and nothing else."""
    values = {
        "agent": str(agent or ""),
        "team": inbox.team.name if inbox.team else inbox.name,
        "company": settings.HARBOUR_NAME,
    }
    return _NAMED.sub(lambda found: values[found[1]], words)


def thread_headers(
    root: str, earlier: Sequence[Message], answers: Message | None
) -> dict[str, str]:
    """One root for all mail of a talk, then what came before it, the one it answers last."""
    parent = real_id(answers)
    ids = [each for message in earlier if (each := real_id(message)) and each != parent]
    references = [root, *(f"<{each}>" for each in [*ids, *([parent] if parent else [])])]
    headers = {"References": " ".join(references), LOOP_HEADER: settings.HARBOUR_MAIL_DOMAIN}
    return headers | ({"In-Reply-To": f"<{parent}>"} if parent else {})


def real_id(message: Message | None) -> str:
    """A mail's own Message-ID; one that we derived means nothing to anybody's program."""
    name = message.external_id if message is not None and message.channel == "email" else ""
    is_own = _REAL_ID.fullmatch(name) and not name.startswith(("gen-", "released-"))
    return name if is_own else ""


def fresh_id(ticket: Ticket) -> str:
    return new_message_id(ticket.pk)
