"""What platforms tell besides messages: stored once, then done to what it is about.

Order is no platform's promise: a report may come before the message it is about was filed, or
before our own call to send it returned. Then it waits, and is caught up with when that is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from channels.happenings import Happening, Stage
from channels.models import Account, Delivery, Occurrence
from people.models import Identity
from support.events import DomainEvent, publish
from tickets.models import Message, Ticket
from tickets.operations import amend
from tickets.operations.reply import report_undeliverable

_ALL_HAVE = {each.name for each in fields(Happening)} | {"files"}
_INSERT = """
    insert into channels_occurrence
        (account_id, external_id, kind, thread, about, sender, facts, at)
    select * from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::jsonb[], %s::timestamptz[])
    on conflict (account_id, external_id) do nothing returning id
"""
#: The stages that each may follow: a later one never gives way.
_BEFORE = {
    Stage.SENT: [""],
    Stage.DELIVERED: ["", Stage.SENT],
    Stage.READ: ["", Stage.SENT, Stage.DELIVERED],
}


@dataclass(frozen=True, kw_only=True)
class AccountRevoked(DomainEvent):
    """A platform withdrew our right to an account: somebody has to sign in again."""

    kind = "account.revoked"
    account_id: int
    reason: str = ""

    @property
    def topic(self) -> str:
        return f"account:{self.account_id}"


def hear(account: Account, happenings: Sequence[Happening]) -> int:
    """Store and apply what is new, in the caller's transaction; how many were new."""
    rows = [_columns(account, each) for each in happenings]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
        new = [row[0] for row in cursor.fetchall()]
    for occurrence in Occurrence.objects.filter(pk__in=new).order_by("at", "pk"):
        _try(account, occurrence)
    return len(new)


def catch_up(account: Account, ids: Iterable[str]) -> None:
    """Apply what waited for the messages with these ids of the platform's."""
    about = set(ids) - {""}
    waiting = Occurrence.objects.filter(account=account, applied_at=None, about__in=about)
    for occurrence in waiting.order_by("at", "pk").select_for_update() if about else ():
        _try(account, occurrence)


def note_heard(account: Account) -> None:
    """That the platform calls us, for the account's health; written twice a minute at most."""
    now = timezone.now()
    stale = Q(heard_at=None) | Q(heard_at__lt=now - timedelta(seconds=30))
    Account.objects.filter(stale, pk=account.pk).update(heard_at=now)


def _columns(account: Account, happening: Happening) -> tuple[object, ...]:
    own = [each.name for each in fields(happening) if each.name not in _ALL_HAVE]
    facts = {name: getattr(happening, name) for name in own}
    to = facts.get("to")
    facts["to"] = to.value if to is not None else ""
    sender = happening.sender.value if happening.sender else ""
    return (
        account.pk, happening.external_id[:255], type(happening).__name__.lower(),
        happening.thread[:255], happening.about[:255], sender[:254],
        json.dumps(facts, cls=DjangoJSONEncoder).replace("\\u0000", ""), happening.at,
    )  # fmt: skip


def _try(account: Account, occurrence: Occurrence) -> None:
    act = _ACTS.get(occurrence.kind)
    if act is None or act(account, occurrence):
        Occurrence.objects.filter(pk=occurrence.pk).update(applied_at=timezone.now())


def _message(account: Account, external_id: str) -> Message | None:
    """A customer's by the platform's id, or one of ours by its delivery's."""
    found = Message.objects.filter(inbox=account.inbox_id, external_id=external_id).first()
    if found is None and external_id:
        sent = Delivery.objects.filter(account=account, provider_id=external_id)
        found = Message.objects.filter(deliveries__in=sent).first()
    return found


def _edited(account: Account, told: Occurrence) -> bool:
    message = _message(account, told.about)
    if message is not None:
        amend.edit_message(message, str(told.facts["text"]), at=told.at)
    return message is not None


def _deleted(account: Account, told: Occurrence) -> bool:
    message = _message(account, told.about)
    if message is not None:
        amend.erase_message(message)
    return message is not None


def _reacted(account: Account, told: Occurrence) -> bool:
    message = _message(account, told.about)
    if message is not None:
        amend.react(message, told.sender, str(told.facts["emoji"]))
    return message is not None


def _echo(account: Account, told: Occurrence) -> bool:
    """Our own send comes back, or somebody wrote in the platform's own app."""
    if _message(account, told.external_id) is not None:
        return True
    talk = Message.objects.filter(ticket__inbox=account.inbox_id, ticket__thread=told.thread)
    last = talk.filter(side_thread=None).order_by("-pk").first()
    if last is not None:
        text = str(told.facts["text"])
        amend.add_elsewhere(last, text, external_id=told.external_id, at=told.at)
    return True


def _progress(account: Account, told: Occurrence) -> bool:
    deliveries = _deliveries_of(account, told)
    stage = Stage(told.facts["stage"])
    if not deliveries:
        return bool(told.facts.get("until"))  # a watermark waits for nothing
    for delivery in deliveries:
        if stage is Stage.FAILED:
            _failed(delivery, told)
        else:
            sent = Delivery.objects.filter(pk=delivery.pk, stage__in=_BEFORE[stage])
            sent.update(stage=stage)
    return True


def _deliveries_of(account: Account, told: Occurrence) -> list[Delivery]:
    ours: QuerySet[Delivery] = Delivery.objects.filter(account=account)
    if until := told.facts.get("until"):
        return list(ours.filter(lane=told.thread, sent_at__lte=datetime.fromisoformat(until)))
    named = Q(provider_id=told.about) if told.about else Q(pk=None)
    if key := told.facts.get("key"):
        named |= Q(external_id=key)
    return list(ours.filter(named).select_related("message__ticket"))


def _failed(delivery: Delivery, told: Occurrence) -> None:
    reason = " ".join(each for each in (told.facts.get("code"), told.facts.get("reason")) if each)
    failed = Delivery.objects.filter(pk=delivery.pk).exclude(status=Delivery.Status.FAILED)
    if failed.update(status=Delivery.Status.FAILED, error=reason[:2000]) and delivery.message:
        report_undeliverable(delivery.message, reason or "the platform could not deliver it")


def _opted_out(account: Account, told: Occurrence) -> bool:
    people = Identity.objects.filter(kind=account.kind, value=told.sender)
    people.update(undeliverable_at=told.at, bounce_reason="wants no messages")
    return True


def _opted_in(account: Account, told: Occurrence) -> bool:
    """Unless the person changed their mind since."""
    people = Identity.objects.filter(kind=account.kind, value=told.sender)
    earlier = people.filter(undeliverable_at__lt=told.at)
    earlier.update(undeliverable_at=None, bounce_reason="")
    return True


def _moved(account: Account, told: Occurrence) -> bool:
    if to := told.facts.get("to_thread"):
        ours = Ticket.objects.filter(inbox=account.inbox_id, thread=told.thread)
        ours.update(thread=str(to)[:255])
    return True


def _revoked(account: Account, told: Occurrence) -> bool:
    reason = str(told.facts.get("reason", ""))[:300]
    Account.objects.filter(pk=account.pk).update(
        needs_sign_in=True, error=reason, error_at=timezone.now()
    )
    publish(AccountRevoked(account_id=account.pk, reason=reason))
    return True


_ACTS: dict[str, Callable[[Account, Occurrence], bool]] = {
    "edited": _edited,
    "deleted": _deleted,
    "reacted": _reacted,
    "echo": _echo,
    "progress": _progress,
    "optedout": _opted_out,
    "optedin": _opted_in,
    "moved": _moved,
    "revoked": _revoked,
}
