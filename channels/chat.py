"""Answers in conversations of chat channels: in parts, in order, inside the platform's window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from channels.adapters.email import Email
from channels.base import Adapter
from channels.capabilities import Capabilities, Outside
from channels.models import Account, Delivery
from channels.splitting import measure, split
from people.models import Identity
from tickets.models import Message, Ticket
from tickets.operations.reply import report_undeliverable

_IN, _OUT = Message.Direction.INBOUND, Message.Direction.OUTBOUND


class TooLong(ValueError):
    """More parts than the platform, or a reader, would take."""


@dataclass(frozen=True)
class Part:
    text: str
    files: tuple[dict[str, str], ...] = ()


def is_chat(kind: str) -> bool:
    """Whether a channel holds conversations; mail, forms and our API do not."""
    chosen = Adapter.registry.get(kind)
    return chosen is not None and not issubclass(chosen, Email)


def accounts_for(inbox_ids: Iterable[int]) -> dict[int, Account]:
    """The account by which each inbox holds its conversations, if it does."""
    rows = Account.objects.filter(inbox__in=set(inbox_ids), is_active=True).order_by("-pk")
    return {account.inbox_id: account for account in rows if is_chat(account.kind)}


def parts_of(text: str, files: Sequence[dict[str, str]], able: Capabilities) -> list[Part]:
    """What is sent one after the other. A short text goes as the caption of the first file.

    Raises ``TooLong``.
    """
    if files and able.caption and measure(text, able.unit) <= able.caption:
        return [Part(text, (files[0],)), *(Part("", (file,)) for file in files[1:])]
    texts = split(text, able.text, able.unit)
    if len(texts) > able.most_parts:
        raise TooLong(_("This is too long for %(channel)s.") % {"channel": _("this channel")})
    return [*(Part(each) for each in texts), *(Part("", (file,)) for file in files)]


def owe(message: Message, account: Account) -> None:
    """Queue what an agent wrote in a conversation, or say on it why it cannot go."""
    files = [
        {"name": file.name, "content_type": file.content_type, "key": file.key}
        for file in message.attachments.order_by("part", "pk")
    ]
    try:
        rows = deliveries(
            account, message.ticket, message.text,
            message=message, files=files, due_at=undo_until(message),
        )  # fmt: skip
    except TooLong as error:
        report_undeliverable(message, str(error))
        return
    if not rows:
        report_undeliverable(message, _("The customer cannot be reached in this channel."))
    Message.objects.filter(pk=message.pk).update(channel=account.kind)
    Delivery.objects.bulk_create(rows)


def holds(ticket: Ticket) -> Account | None:
    """The account of the conversation that ``ticket`` is about, if it is about one."""
    return accounts_for([ticket.inbox_id]).get(ticket.inbox_id) if ticket.thread else None


def deliveries(
    account: Account,
    ticket: Ticket,
    text: str,
    *,
    message: Message | None = None,
    files: Sequence[dict[str, str]] = (),
    due_at: datetime | None = None,
) -> list[Delivery]:
    """A row for each part; empty when the requester cannot be written to in this channel.

    Raises ``TooLong``.
    """
    to = address_of(account, ticket)
    if not to:
        return []
    last = last_heard(ticket)
    able = account.adapter.capabilities.for_answer(is_public=bool(last and last.is_public))
    return [
        Delivery(
            account=account,
            message=message,
            to=to,
            part=place,
            lane=ticket.thread,
            external_id=f"{account.kind}-{uuid4()}",
            due_at=due_at or timezone.now(),
            payload=_payload(part, ticket, last, is_first=place == 0),
        )
        for place, part in enumerate(parts_of(text, files, able))
    ]


def _payload(part: Part, ticket: Ticket, last: Message | None, *, is_first: bool) -> dict[str, Any]:
    answers = last.external_id if last and is_first else ""
    return {
        "text": part.text,
        "files": list(part.files),
        "thread": ticket.thread,
        "in_reply_to": answers,
        "is_public": bool(last and last.is_public),
    }


def address_of(account: Account, ticket: Ticket) -> str:
    """Where the requester is reached in this channel; "" where they want no message."""
    known = Identity.objects.filter(contact=ticket.requester_id, kind=account.kind)
    identity = known.filter(undeliverable_at=None).order_by("-pk").first()
    return identity.value if identity else ""


def last_heard(ticket: Ticket) -> Message | None:
    """The customer's last message: the window's begin, and what we answer."""
    public = Message.objects.public().filter(ticket=ticket)
    received = public.filter(direction=_IN, is_automatic=False)
    return received.exclude(author=Message.Author.STRANGER).order_by("-pk").first()


def closed(account: Account, lane: str, *, is_automatic: bool, now: datetime) -> str:
    """Why nothing more can be sent to this conversation now, or "".

    A window is for what nobody else can read: a public comment is answered at any time.
    """
    window = account.adapter.capabilities.window
    if window.outside is Outside.ANYTHING or not lane:
        return ""
    talk = Message.objects.filter(ticket__inbox=account.inbox_id, ticket__thread=lane)
    talk = talk.filter(direction=_IN, side_thread=None).order_by("-pk")
    said = talk.values_list("created_at", "is_public")
    heard, is_public = said.first() or (None, False)
    if is_public:
        return ""
    length = window.length if is_automatic else window.human or window.length
    if heard is None or (length is not None and now - heard > length):
        return _("The time to answer in this channel is over.")
    if window.messages is not None:
        since = Delivery.objects.filter(account=account, lane=lane, sent_at__gte=heard)
        if since.count() >= window.messages:
            return _("This channel takes no further message before the customer writes again.")
    return ""


def left_in_window(account: Account, ticket: Ticket) -> tuple[timedelta | None, int | None]:
    """How long, and how many messages, an agent may still answer; None: no such limit."""
    window = account.adapter.capabilities.window
    heard = last_heard(ticket)
    if window.outside is Outside.ANYTHING or heard is None or heard.is_public:
        return None, None
    length = window.human or window.length
    time = max(timedelta(0), heard.created_at + length - timezone.now()) if length else None
    if window.messages is None:
        return time, None
    sent = Delivery.objects.filter(
        account=account, lane=ticket.thread, sent_at__gte=heard.created_at
    )
    return time, max(0, window.messages - sent.count())


def undo_until(message: Message) -> datetime:
    """When a reply may leave: it can be taken back until then."""
    undo = message.created_at + timedelta(seconds=settings.HARBOUR_UNDO_SECONDS)
    return max(undo, message.send_at) if message.send_at else undo
