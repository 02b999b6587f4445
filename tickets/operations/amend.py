"""What senders do to messages they sent before: change them, take them back, react to them."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from support.secrets_guard import redact
from tickets.events import MessageEdited, MessageErased, MessageReacted
from tickets.models import Message
from tickets.operations.change import change
from tickets.operations.content import preview_of


def edit_message(message: Message, text: str, *, at: datetime) -> bool:
    """Take over the sender's new words; the former stay in the history. False when it says so."""
    text, _ = redact(text)
    with change(message.ticket) as work:
        held = Message.objects.select_for_update().get(pk=message.pk)
        if held.erased_at is not None or held.text == text:
            return False
        held.edits = [*held.edits, {"at": at.isoformat(), "text": held.text}]
        if work.ticket.preview == preview_of(held.text):
            work.ticket.preview = preview_of(text)
            work.fields.add("preview")
        held.text, held.html = text, ""
        held.save(update_fields=["edits", "text", "html"])
        work.events.append(MessageEdited(ticket_id=held.ticket_id, message_id=held.pk))
    return True


def erase_message(message: Message) -> bool:
    """Forget what it said, its former words and its files: its sender took it back.

    Meta and X demand it. That there was a message, and when, stays.
    """
    with change(message.ticket) as work:
        held = Message.objects.select_for_update().get(pk=message.pk)
        if held.erased_at is not None:
            return False
        if work.ticket.preview == preview_of(held.text):
            work.ticket.preview = ""
            work.fields.add("preview")
        keys = [key for key in held.attachments.values_list("key", flat=True) if key]
        held.attachments.all().delete()
        held.text, held.quoted, held.html, held.edits = "", "", "", []
        held.erased_at = timezone.now()
        held.save(update_fields=["text", "quoted", "html", "edits", "erased_at"])
        work.events.append(MessageErased(ticket_id=held.ticket_id, message_id=held.pk))
        for key in keys:
            transaction.on_commit(partial(default_storage.delete, key))
    return True


def react(message: Message, who: str, emoji: str) -> None:
    """Remember a reaction of ``who``; an empty one takes it away."""
    with change(message.ticket) as work:
        held = Message.objects.select_for_update().get(pk=message.pk)
        reactions = {**held.reactions, who: emoji}
        held.reactions = {name: each for name, each in reactions.items() if each}
        held.save(update_fields=["reactions"])
        work.events.append(
            MessageReacted(ticket_id=held.ticket_id, message_id=held.pk, emoji=emoji)
        )


def add_elsewhere(message: Message, text: str, *, external_id: str, at: datetime) -> None:
    """A message of ours that was written outside, such as in the platform's own app.

    ``message`` is one of the conversation that it belongs to.
    """
    Message.objects.get_or_create(
        inbox_id=message.inbox_id,
        external_id=external_id,
        defaults={
            "ticket_id": message.ticket_id,
            "direction": Message.Direction.OUTBOUND,
            "channel": message.channel,
            "text": redact(text)[0],
            "sent_at": at,
        },
    )
