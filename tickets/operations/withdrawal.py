"""Taking a reply back before it is sent. Whether it is on its way, the channels know."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from people.models import User
from tickets.events import ReplyWithdrawn
from tickets.exceptions import TicketError
from tickets.models import Message, Ticket
from tickets.operations.change import change
from tickets.operations.saying import by
from tickets.operations.turns import hand_back


def take_back(message: Message, *, actor: User | None, reason: str = "") -> str:
    """Strike a reply that is not sent, as if it had never been; its text is returned.

    To be called in a transaction that goes on to stop its deliveries: the message stays
    locked until that ends, so that none can be made meanwhile. Raises ``TicketError``.
    """
    with change(Ticket.objects.get(messages=message)) as work:
        held = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        is_reply = held.direction == Message.Direction.OUTBOUND and held.side_thread_id is None
        if held.ticket_id != work.ticket.pk or not is_reply or held.withdrawn_at is not None:
            raise TicketError(_("There is nothing to take back."))
        if held.sent_at is not None:
            raise too_late()
        held.withdrawn_at = timezone.now()
        held.save(update_fields=["withdrawn_at"])
        taken = ReplyWithdrawn(**by(actor, work.ticket), message_id=held.pk, reason=reason)
        work.events.append(taken)
        if held.send_at is None:
            hand_back(work, held, actor)
    message.withdrawn_at = held.withdrawn_at
    return held.text


def too_late() -> TicketError:
    return TicketError(_("It is too late: the reply is already sent."))
