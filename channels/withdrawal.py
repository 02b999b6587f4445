"""Taking a reply back: either nothing of it was sent and nothing will be, or it is too late."""

from __future__ import annotations

from django.db import transaction

from channels.models import Delivery
from people.models import User
from tickets.models import Message
from tickets.operations.withdrawal import take_back, too_late

_STAYED = (Delivery.Status.QUEUED, Delivery.Status.HELD, Delivery.Status.SUPPRESSED)


@transaction.atomic
def withdraw(message: Message, *, actor: User | None, reason: str = "") -> str:
    """The text of a reply that now never happened. Raises ``TicketError`` when it is too late.

    A sender claims a delivery by locking its row: one that is locked, or claimed, is gone. We
    wait for none of them, so that nobody can wait for us and we for them.
    """
    text = take_back(message, actor=actor, reason=reason)
    owed = Delivery.objects.filter(message=message)
    here = owed.filter(status__in=_STAYED, was_handed_over=False)
    mine = set(here.select_for_update(skip_locked=True).values_list("pk", flat=True))
    if len(mine) != owed.count():
        raise too_late()
    owed.update(status=Delivery.Status.WITHDRAWN)
    return text


@transaction.atomic
def send_now(message: Message) -> bool:
    """Let a reply that waits go at once; False when it does not wait any more."""
    waiting = Delivery.objects.filter(message=message, status=Delivery.Status.QUEUED)
    held = waiting.select_for_update(skip_locked=True).values_list("pk", flat=True)
    return bool(Delivery.objects.filter(pk__in=list(held)).update(due_at=message.created_at))
