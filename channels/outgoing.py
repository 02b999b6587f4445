"""What leaves: the account it leaves by, and the headers it bears (rules 41 to 48)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from channels.incoming import LOOP_HEADER
from channels.models import Account
from channels.threads import new_message_id, reply_address, root_id
from tickets.models import Message, Ticket

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
    adapter = account.settings
    parent = _real_id(answers)
    references = [root_id(ticket.pk), *([f"<{parent}>"] if parent else [])]
    headers = {"References": " ".join(references), LOOP_HEADER: settings.HARBOUR_MAIL_DOMAIN}
    if parent:
        headers["In-Reply-To"] = f"<{parent}>"
    takes_plus = adapter.get("plus_addressing", True)
    return {
        "sender": account.address,
        "from_name": adapter.get("from_name") or settings.HARBOUR_NAME,
        "reply_to": reply_address(account.address, ticket.pk) if takes_plus else "",
        "headers": headers,
    }


def _real_id(message: Message | None) -> str:
    """The sender's own Message-ID; one that we derived means nothing to their program."""
    if message is None or message.channel != "email" or message.external_id.startswith("gen-"):
        return ""
    return message.external_id if "@" in message.external_id else ""


def fresh_id(ticket: Ticket) -> str:
    return new_message_id(ticket.pk)
