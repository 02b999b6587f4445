"""Messages that no agent wrote. Each decision is a row: sent, or suppressed by which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from channels.breaker import Budget
from channels.caps import History
from channels.mail.flow import never_answer
from channels.models import Account, AutomaticMail, Delivery
from channels.outgoing import AUTOMATIC, accounts_of, envelope, fresh_id
from channels.wording import Words, words_for
from people.models import Identity
from people.reachability import stopped_among
from support import crypto
from support.language import supported
from tickets.models import Message, Ticket

Kind = AutomaticMail.Kind


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One automatic message that is due. ``occasion`` makes it happen once."""

    ticket: Ticket
    kind: str
    occasion: str
    answers: Message | None = None
    forbidden_by: str = ""
    is_verified: bool = False


def decide(notices: Sequence[Notice]) -> None:
    """Write for each notice whether it is sent, and queue what is. One transaction."""
    to = _addresses([notice.ticket for notice in notices])
    accounts = accounts_of({notice.ticket.inbox_id for notice in notices})
    addresses = [identity.value for identity in to.values()]
    budget = Budget(accounts.values(), addresses)  # its lock first: then what was sent is known
    shared = _Shared(to, accounts, budget, History.of(addresses, timezone.now()))
    decided = [_decide(notice, shared) for notice in notices]
    budget.write()
    Delivery.objects.bulk_create([mail.delivery for mail in decided if mail.delivery])
    AutomaticMail.objects.bulk_create(decided)


@dataclass
class _Shared:
    """What the decisions of one call have in common."""

    to: Mapping[int, Identity]
    accounts: Mapping[int, Account]
    budget: Budget
    history: History
    words: dict[tuple[str, str], Words] = field(default_factory=dict)

    def words_for(self, kind: str, language: str) -> Words:
        if (kind, language) not in self.words:
            self.words[kind, language] = words_for(kind, language)
        return self.words[kind, language]


def _decide(notice: Notice, shared: _Shared) -> AutomaticMail:
    ticket, history = notice.ticket, shared.history
    identity = shared.to.get(ticket.requester_id)
    account = shared.accounts.get(ticket.inbox_id)
    language = supported(ticket.language)
    mail = AutomaticMail(
        ticket=ticket,
        kind=notice.kind,
        occasion=notice.occasion,
        address=identity.value if identity else "",
        language=language,
    )
    verified = notice.is_verified or bool(identity and identity.verified_at)
    mail.suppressed_by = rule_against(notice, identity, account, history, verified=verified)
    if mail.suppressed_by or identity is None or account is None:
        return mail
    values = values_for(ticket, language, verified=verified)
    said = shared.words_for(notice.kind, language).fill(values)
    mail.delivery = _delivery(notice, account, identity.value, said)
    is_held = not shared.budget.admit(mail.delivery, history.in_last_minute(identity.value))
    history.add(identity.value, notice.kind, ticket.pk, ticket.subject, is_held=is_held)
    return mail


def rule_against(
    notice: Notice,
    identity: Identity | None,
    account: Account | None,
    history: History,
    *,
    verified: bool,
) -> str:
    """The rule that keeps this message from being sent, or ""."""
    if notice.forbidden_by:
        return notice.forbidden_by
    if identity is None:
        return "no-address"
    if account is None:
        return "no-mailbox"
    if account.mode == Account.Mode.WATCH:
        return "watching"
    if identity.undeliverable_at is not None:
        return "address-bounced"
    if never_answer(identity.value):
        return "never-answered-address"
    return history.forbids(
        identity.value,
        notice.kind,
        notice.ticket.pk,
        notice.ticket.subject,
        is_verified=verified,
    )


def _delivery(notice: Notice, account: Account, address: str, said: Words) -> Delivery:
    parts = envelope(account, notice.ticket, notice.answers)
    parts["headers"] = {**parts["headers"], **AUTOMATIC}
    return Delivery(
        account=account,
        to=address,
        external_id=fresh_id(notice.ticket),
        payload={"subject": said.subject, "text": said.body, **parts},
    )


def _addresses(tickets: Sequence[Ticket]) -> dict[int, Identity]:
    """The address to write to for each requester: a proved and working one first."""
    people = {ticket.requester_id for ticket in tickets}
    identities = Identity.objects.filter(contact_id__in=people, kind="email")
    best: dict[int, Identity] = {}
    for identity in identities.order_by("undeliverable_at", "verified_at", "pk"):
        held = best.get(identity.contact_id)
        if held is None or (held.undeliverable_at and not identity.undeliverable_at):
            best[identity.contact_id] = identity
    return best


def values_for(ticket: Ticket, language: str, *, verified: bool) -> dict[str, str]:
    """What templates may say. An unproved address hears no word of the sender's."""
    inbox = ticket.inbox
    with override(language):
        name = ticket.requester.name if verified else ""
        greeting = _("Hello %(name)s,") % {"name": name} if name else _("Hello,")
        return {
            "greeting": greeting,
            "reference": ticket.number,
            "reply_within": _("within %(span)s") % {"span": span(inbox.reply_within)},
            "solve_after": _("in %(span)s") % {"span": span(inbox.solve_after)},
            "reopen_within": _("within %(span)s") % {"span": span(inbox.reopen_within)},
            "status_link": status_link(ticket),
            "company": settings.HARBOUR_NAME,
        }


def span(length: timedelta) -> str:
    """A length of time as people say it, in the active language."""
    hours = max(1, round(length.total_seconds() / 3600))
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def status_link(ticket: Ticket) -> str:
    """The requester's own signed link to the ticket; good for 30 days."""
    payload: dict[str, str | int] = {"t": ticket.pk, "c": ticket.requester_id}
    token = crypto.sign("status-link", payload, max_age=timedelta(days=30))
    return f"{settings.HARBOUR_URL}/status/r/{token}/"


@transaction.atomic
def send_access_code(
    ticket: Ticket,
    address: str,
    *,
    code: str,
    link: str,
    language: str,
    now: datetime | None = None,
) -> None:
    """Mail a one-time code to ``address``. Caps apply; the log says what became of it."""
    now = now or timezone.now()
    account = accounts_of({ticket.inbox_id}).get(ticket.inbox_id)
    budget = Budget([account] if account else [], [address])
    history = History.of([address], now)
    rule = history.forbids(address, Kind.ACCESS_CODE, ticket.pk, "", is_verified=True)
    rule = "address-bounced" if stopped_among([address]) else rule
    rule = "watching" if account and account.mode == Account.Mode.WATCH else rule
    mail = AutomaticMail(
        ticket=ticket,
        kind=Kind.ACCESS_CODE,
        occasion=f"code:{now.timestamp():.6f}",
        address=address,
        language=language,
        suppressed_by="no-mailbox" if account is None else rule,
    )
    if account is not None and not rule:
        values = {
            "reference": ticket.number,
            "code": code,
            "link": link,
            "company": settings.HARBOUR_NAME,
        }
        said = words_for(Kind.ACCESS_CODE, language).fill(values)
        notice = Notice(ticket=ticket, kind=Kind.ACCESS_CODE, occasion=mail.occasion)
        mail.delivery = _delivery(notice, account, address, said)
        budget.admit(mail.delivery, history.in_last_minute(address))
        budget.write()
        mail.delivery.save()
    mail.save()
