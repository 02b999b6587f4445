"""Recipients whom a provider wrote to in one call: what became of each is a row as well."""

from __future__ import annotations

from email.utils import getaddresses

from django.utils import timezone

from channels.base import Result
from channels.models import Delivery
from channels.threads import new_message_id
from tickets.operations.reply import report_undeliverable

Status = Delivery.Status


def tell_of_copies(delivery: Delivery, result: Result) -> None:
    """Write down, beside the delivery that named them all, whom the provider took and whom not."""
    named = delivery.payload.get("together")
    if not named or delivery.message is None:
        return
    fields = [address for field in ("to", "cc", "bcc") for address in named.get(field, ())]
    for _name, address in getaddresses(fields):
        if address == delivery.to:
            continue
        reason = result.refused.get(address.lower(), "")
        Delivery.objects.get_or_create(
            message=delivery.message,
            to=address,
            defaults={
                "account": delivery.account,
                "external_id": new_message_id(delivery.message.ticket_id),
                "payload": _of_its_own(delivery),
                "status": Status.FAILED if reason else Status.SENT,
                "was_handed_over": True,
                "error": reason[:2000],
                "sent_at": None if reason else timezone.now(),
            },
        )
        if reason:
            report_undeliverable(delivery.message, reason, address=address, of_copy=True)


def _of_its_own(delivery: Delivery) -> dict[str, object]:
    """What goes to one of them if an agent has it sent again."""
    kept = {key: value for key, value in delivery.payload.items() if key != "together"}
    return kept | {"is_copy": True}
