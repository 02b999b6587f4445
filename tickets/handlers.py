from __future__ import annotations

from support.events import handles
from tickets.events import MessageSent
from tickets.operations.reply import settle_sent


@handles(MessageSent)
def count_as_said(event: MessageSent) -> None:
    """Those a reply was openly sent to take part; one that waited takes effect."""
    settle_sent(event.message_id)
