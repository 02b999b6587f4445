"""Agents who work by mail: told of what their customers write, and heard when they answer.

An answer counts as the agent's only with all of this: it came to the address, or refers to
the Message-ID, that this one agent was given for this one ticket; From is the agent's own
address and our border vouches for it; the agent may work on the ticket now. All else is
filed as what it is, a message of somebody who wrote to us, and is sent to nobody.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from channels.correspondents import reply_to_all
from channels.incoming import LOOP_HEADER
from channels.models import Account, Delivery
from channels.outgoing import accounts_of
from channels.separators import agents_line
from channels.threads import agent_address, new_message_id, root_id
from people.models import User
from people.permissions import may
from tickets.events import MessageReceived
from tickets.exceptions import TicketError
from tickets.inbound import InboundMessage
from tickets.models import Message, Status, Ticket
from tickets.operations.reply import reply

#: A notice to an agent is marked as a machine's (rule 42).
NOTICE = {
    "Auto-Submitted": "auto-generated",
    "Precedence": "bulk",
    "X-Auto-Response-Suppress": "All",
    "X-Loop": "yes",
}


#: A flood of customers' mails must not flood agents: they see the rest in the console.
MOST_NOTICES, NOTICES_WITHIN = 30, timedelta(minutes=10)


def tell_assignees(events: Sequence[MessageReceived]) -> None:
    """Mail each customer's message to the agent who is responsible and wants it."""
    told = [e.message_id for e in events if not (e.is_automatic or e.is_imported)]
    rows = Message.objects.filter(
        pk__in=told,
        side_thread=None,
        ticket__assignee__wants_mail=True,
        ticket__assignee__is_active=True,
    )
    related = rows.select_related("ticket__inbox", "ticket__assignee", "contact").order_by("pk")
    if messages := list(related):
        accounts = accounts_of({message.ticket.inbox_id for message in messages})
        Delivery.objects.bulk_create(_notices(messages, accounts))


def _notices(messages: Sequence[Message], accounts: Mapping[int, Account]) -> Iterator[Delivery]:
    sent = _sent_lately(accounts.values())
    for message in messages:
        agent, account = message.ticket.assignee, accounts.get(message.ticket.inbox_id)
        if agent is None or account is None or account.mode == Account.Mode.WATCH:
            continue
        sent[agent.email] += 1
        if sent[agent.email] <= MOST_NOTICES:
            yield _notice(message, agent, account)


def _sent_lately(accounts: Iterable[Account]) -> Counter[str]:
    """How many notices each agent got."""
    since = timezone.now() - NOTICES_WITHIN
    rows = Delivery.objects.filter(account__in=set(accounts), message=None, created_at__gt=since)
    notices = rows.filter(automatic=None).values("to").annotate(n=Count("pk"))
    return Counter(dict(notices.values_list("to", "n")))


def _notice(message: Message, agent: User, account: Account) -> Delivery:
    ticket = message.ticket
    takes_plus = account.settings.get("plus_addressing", True)
    answers_to = agent_address(account.address, ticket.pk, agent.pk) if takes_plus else ""
    with override(agent.language or settings.LANGUAGE_CODE):
        text = _words(message, agent)
    payload: dict[str, Any] = {
        "subject": f"[{ticket.number}] {ticket.subject}",
        "text": text,
        "sender": account.address,
        "from_name": settings.HARBOUR_NAME,
        "reply_to": answers_to if settings.HARBOUR_AUTHSERV_ID else "",
        "headers": {
            "References": root_id(ticket.pk),
            LOOP_HEADER: settings.HARBOUR_MAIL_DOMAIN,
            **NOTICE,
        },
    }
    return Delivery(
        account=account,
        to=agent.email,
        external_id=new_message_id(ticket.pk, agent_id=agent.pk),
        payload=payload,
    )


def _words(message: Message, agent: User) -> str:
    """Who wrote what, and how to answer. Nothing internal: the mail may be forwarded."""
    ticket = message.ticket
    page = f"{settings.HARBOUR_URL}/console/tickets/{ticket.reference}/"
    names = {"who": str(message.contact), "number": ticket.number, "subject": ticket.subject}
    parts = [] if not settings.HARBOUR_AUTHSERV_ID else [agents_line(ticket.pk, agent.pk)]
    parts.append(_("%(who)s wrote on %(number)s, “%(subject)s”:") % names)
    if message.author == Message.Author.STRANGER:
        parts.append(_("Careful: this person does not take part in the ticket."))
    parts.append(message.text.strip())
    if files := [file.name for file in message.attachments.all()]:
        parts.append(_("Files: %(names)s") % {"names": ", ".join(files)})
    if settings.HARBOUR_AUTHSERV_ID:
        parts.append(_("Answer this mail to answer the customer, or open the ticket:"))
    else:
        parts.append(_("Open the ticket to answer:"))
    return "\n\n".join(parts) + f"\n{page}\n"


def file_answer(inbound: InboundMessage) -> Message | None:
    """Send the customer what an agent answered by mail; None when it is not proved.

    The same mail a second time changes nothing.
    """
    agent = User.objects.filter(pk=inbound.agent_id).first() if inbound.agent_id else None
    if agent is None or not _is_own(agent, inbound):
        return None
    try:
        return _answer(agent, inbound)
    except TicketError:  # such as an address that cannot be written to
        return None


@transaction.atomic
def _answer(agent: User, inbound: InboundMessage) -> Message | None:
    ticket = _ticket_for(agent, inbound.ticket_id)
    if ticket is None:
        return None
    mark = hashlib.sha256(inbound.external_id.encode()).hexdigest()[:32]
    before = ticket.messages.filter(agent=agent, fingerprint=mark).first()
    if before is not None:
        return before
    text = _without_signature(inbound.text, agent.signature)
    everybody = reply_to_all(ticket)
    to, cc = (everybody.to, everybody.cc) if everybody.others else ((), ())
    message = reply(ticket, text, actor=agent, files=inbound.files, to=to, cc=cc)
    message.fingerprint, message.receipt_id = mark, inbound.receipt_id
    message.save(update_fields=["fingerprint", "receipt_id"])
    return message


def _is_own(agent: User, inbound: InboundMessage) -> bool:
    is_hers = agent.email.lower() == inbound.sender.value and inbound.is_verified
    return is_hers and may(agent, "tickets.work") and _says_something(agent, inbound)


def _says_something(agent: User, inbound: InboundMessage) -> bool:
    """An empty answer is shown with all that it quotes: that is our own notice."""
    mark = agent_address("@", inbound.ticket_id or 0, agent.pk).strip("+@")
    return bool(inbound.text.strip()) and mark not in inbound.text and not inbound.is_imported


def _ticket_for(agent: User, ticket_id: int | None) -> Ticket | None:
    """The ticket, or the one it was merged into, locked; None when the agent may not answer."""
    while ticket_id is not None:
        locked = Ticket.objects.select_for_update(of=("self",)).filter(pk=ticket_id).first()
        if locked is None or locked.merged_into_id is None:
            break
        ticket_id = locked.merged_into_id
    seen = Ticket.objects.visible_to(agent).exclude(status=Status.CLOSED)
    return seen.filter(pk=ticket_id).first() if ticket_id is not None else None


def _without_signature(text: str, signature: str) -> str:
    """Without the agent's signature at the end: every reply is signed when it is sent."""
    lines, own = text.rstrip().split("\n"), _tidy(signature)
    for place in range(len(lines)):
        rest = [line for line in _tidy("\n".join(lines[place:])) if line != "--"]
        if own and rest == own:
            return "\n".join(lines[:place]).rstrip()
    return text.strip()


def _tidy(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]
