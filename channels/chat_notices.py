"""Automatic messages in the conversation itself; the same notice by mail is ``automatic``'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone

from channels import chat
from channels.automatic import Notice, values_for
from channels.caps import History
from channels.chat_wording import said
from channels.models import Account, AutomaticMail, Delivery
from support.language import supported
from tickets.models import Ticket


def tell(notices: Sequence[Notice]) -> None:
    """Write for each notice about a conversation whether it is told there, and queue what is."""
    accounts = chat.accounts_for({notice.ticket.inbox_id for notice in notices})
    talks = [n for n in notices if n.ticket.thread and n.ticket.inbox_id in accounts]
    if not talks:
        return
    to = {n.ticket.pk: chat.address_of(accounts[n.ticket.inbox_id], n.ticket) for n in talks}
    history = History.of(to.values(), timezone.now())
    decided = [_decide(each, accounts[each.ticket.inbox_id], to, history) for each in talks]
    Delivery.objects.bulk_create([mail.delivery for mail in decided if mail.delivery])
    AutomaticMail.objects.bulk_create(decided)


def _decide(
    notice: Notice, account: Account, to: Mapping[int, str], history: History
) -> AutomaticMail:
    ticket, address = notice.ticket, to[notice.ticket.pk]
    language = supported(ticket.inbox.language or ticket.language)
    mail = AutomaticMail(
        ticket=ticket,
        kind=notice.kind,
        occasion=f"{notice.occasion}@{account.kind}"[:60],
        address=address,
        language=language,
    )
    text = said(notice.kind, language, values_for(ticket, language, verified=True))
    mail.suppressed_by = _rule(notice, account, address, history)
    if mail.suppressed_by or not text:
        return mail
    history.add(address, notice.kind, ticket.pk, ticket.subject)
    [mail.delivery] = chat.deliveries(account, ticket, _fitting(text, account, ticket))
    return mail


def _rule(notice: Notice, account: Account, address: str, history: History) -> str:
    if notice.forbidden_by:
        return notice.forbidden_by
    if account.mode == Account.Mode.WATCH:
        return "watching"
    if not address:
        return "no-address"
    last = chat.last_heard(notice.ticket)
    if last is not None and last.is_public:
        return "public-comment"
    if chat.closed(account, notice.ticket.thread, is_automatic=True, now=timezone.now()):
        return "window-closed"
    ticket = notice.ticket
    return history.forbids(address, notice.kind, ticket.pk, ticket.subject, is_verified=True)


def _fitting(text: str, account: Account, ticket: Ticket) -> str:
    """The whole notice where one message can hold it, else the number alone: one is enough."""
    able = account.adapter.capabilities
    return text if len(chat.parts_of(text, (), able)) == 1 else ticket.number
