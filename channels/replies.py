"""What agents write, as it leaves: a delivery for each recipient, or one for them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import override

from channels import chat
from channels.correspondents import our_addresses, without_ours
from channels.letters import letter
from channels.models import Account, Delivery
from channels.outgoing import accounts_of, sender_name, thread_headers
from channels.quoting import Quote, last_heard, last_heard_aside, passed_on, quote
from channels.threads import new_message_id, reply_address, root_id, side_thread_address
from people.operations import Address
from people.reachability import stopped_among
from support.language import supported
from tickets.models import Message, Ticket
from tickets.operations.recipients import addresses_in, by_mail
from tickets.operations.reply import report_undeliverable

#: Earlier mails of the talk that References names besides its root and the one answered.
_PARENTS = 6


def owe(message_id: int) -> None:
    """Queue what an agent wrote. It stays locked, so that nobody takes it back meanwhile."""
    rows = Message.objects.select_related("ticket__inbox__team", "ticket__requester", "agent")
    message = rows.select_for_update(of=("self",)).get(pk=message_id)
    if message.withdrawn_at is not None or message.deliveries.exists():
        return
    ticket = message.ticket
    talk = None if message.side_thread_id or message.addressing.get("to") else chat.holds(ticket)
    if talk is not None:
        chat.owe(message, talk)
        return
    account = accounts_of({ticket.inbox_id}).get(ticket.inbox_id)
    if not message.addressing.get("to"):
        _address(message)
    people = _people(message)
    if account is None or not people or account.mode == Account.Mode.WATCH:
        reason = "no-address" if account else "no-mailbox"
        if account is not None and account.mode == Account.Mode.WATCH:
            reason = f"{account.address} only watches: switch it on before you answer"
        report_undeliverable(message, reason)
        return
    deliveries = _deliveries(message, account, people)
    Message.objects.filter(pk=message.pk).update(
        external_id=deliveries[0].external_id.strip("<>"), channel=account.kind
    )
    _hold_back(deliveries)
    Delivery.objects.bulk_create(deliveries)


def _address(message: Message) -> None:
    """A talk that no channel holds goes on by mail, to the requester."""
    pairs = [[each.name, each.value] for each in by_mail(message.ticket)]
    message.addressing = {**message.addressing, "to": pairs}
    Message.objects.filter(pk=message.pk).update(addressing=message.addressing)


def _hold_back(deliveries: Sequence[Delivery]) -> None:
    """What goes to an address where mail bounces waits for an agent to insist."""
    stopped = stopped_among(delivery.to for delivery in deliveries)
    for delivery in deliveries:
        is_alone = "together" not in delivery.payload
        if delivery.to.lower() in stopped and is_alone and delivery.message is not None:
            delivery.status, delivery.error = Delivery.Status.FAILED, "stopped"
            report_undeliverable(
                delivery.message,
                "stopped",
                address=delivery.to,
                of_copy=bool(delivery.payload["is_copy"]),
            )


def _people(message: Message) -> dict[str, list[Address]]:
    """Recipients by field, less our own addresses; none when To is left empty by that."""
    ours = our_addresses()
    fields = ("to", "cc", "bcc")
    people = {name: without_ours(addresses_in(message.addressing, name), ours) for name in fields}
    return people if people["to"] else {}


def _deliveries(
    message: Message, account: Account, people: Mapping[str, list[Address]]
) -> list[Delivery]:
    undone_until = message.created_at + timedelta(seconds=settings.HARBOUR_UNDO_SECONDS)
    due_at = max(undone_until, message.send_at or undone_until, timezone.now())
    payload = _payload(message, account, people)
    everybody = [ascii_address(each.value) for some in people.values() for each in some]
    if account.adapter.sends_together and len(everybody) > 1:
        payload["together"] = {
            "to": [_formatted(each) for each in people["to"]],
            "cc": [_formatted(each) for each in people["cc"]],
            "bcc": [ascii_address(each.value) for each in people["bcc"]],
        }
        everybody = everybody[:1]
    return [
        Delivery(
            message=message,
            account=account,
            to=address,
            external_id=_message_id(message),
            payload=payload | {"is_copy": place > 0},
            due_at=due_at,
        )
        for place, address in enumerate(everybody)
    ]


def _message_id(message: Message) -> str:
    return new_message_id(message.ticket_id, side_thread_id=message.side_thread_id)


def _payload(
    message: Message, account: Account, people: Mapping[str, list[Address]]
) -> dict[str, Any]:
    ticket = message.ticket
    with override(supported(ticket.inbox.language or ticket.language)):
        said = letter(message, _quote(message))
    return {
        "subject": _subject(message),
        "text": said.text,
        "html": said.html,
        "files": said.files,
        "sender": account.address,
        "from_name": sender_name(account, ticket.inbox, message.agent),
        "reply_to": _reply_to(message, account),
        "headers": _headers(message),
        "to_header": _header(people["to"]),
        "cc_header": _header(people["cc"]),
        "unless_answered": message.unless_answered,
    }


def _quote(message: Message) -> Quote:
    if message.quoted:
        return passed_on(message)
    if message.side_thread_id is not None:
        return quote(last_heard_aside(message))
    return quote(last_heard(message)) if message.ticket.inbox.quotes_history else Quote()


def _headers(message: Message) -> dict[str, str]:
    """The thread as mail programs see it: of the ticket, or of the talk beside it."""
    if message.side_thread_id is None:
        talk, root = Message.objects.public(), root_id(message.ticket_id)
        answered = last_heard(message)
        talk = talk.exclude(author=Message.Author.STRANGER)
    else:
        talk = Message.objects.filter(side_thread=message.side_thread_id)
        root = new_message_id(
            message.ticket_id, key="root0000", side_thread_id=message.side_thread_id
        )
        answered = last_heard_aside(message)
    earlier = talk.filter(ticket=message.ticket_id, pk__lt=message.pk).order_by("-pk")[:_PARENTS]
    return thread_headers(root, list(reversed(earlier)), answered)


def _reply_to(message: Message, account: Account) -> str:
    if not account.settings.get("plus_addressing", True):
        return ""
    if message.side_thread_id is not None:
        return side_thread_address(account.address, message.side_thread_id)
    return reply_address(account.address, message.ticket_id)


def _subject(message: Message) -> str:
    """``Re: ... [number]``, each once. Others than the customer are not given the number."""
    if message.side_thread is None:
        return reply_subject(message.ticket)
    subject, is_first = message.side_thread.subject, bool(message.quoted)
    known = subject[:3].lower() == "re:" or subject[:4].lower() == "fwd:"
    return subject if known else f"{'Fwd' if is_first else 'Re'}: {subject}"


def reply_subject(ticket: Ticket) -> str:
    subject = ticket.subject if ticket.subject[:3].lower() == "re:" else f"Re: {ticket.subject}"
    return subject if ticket.number in subject else f"{subject} [{ticket.number}]"


def _header(people: Iterable[Address]) -> str:
    return ", ".join(_formatted(each) for each in people)


def _formatted(address: Address) -> str:
    return formataddr((address.name, ascii_address(address.value)))


def ascii_address(address: str) -> str:
    """With a domain as the DNS knows it."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address
