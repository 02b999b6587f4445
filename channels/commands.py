"""Asking in the conversation where a request stands: by its number, or in a word.

A message that is nothing but such a question is answered and makes no ticket; it stays as an
occurrence of its account. Whoever holds the number hears the plain state; what the request is
about is told only to the address it came from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from channels.models import Account, Delivery, Occurrence
from people.operations import find_identity
from support.language import detect, supported
from tickets import reference
from tickets.inbound import InboundMessage
from tickets.models import Ticket
from tickets.plain_status import PlainState, PlainStatus, plain_status, state_of

KIND = "asked"
#: Wrong numbers from one person in a quarter of an hour, after which none is looked up.
MOST_WRONG = 5
_WITHIN = timedelta(minutes=15)
#: Requests listed for one word.
_MOST = 5
_MISTYPED = re.compile(r"\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d")
_WORDS = re.compile(
    r"\s*/?(status|state|my (?:tickets?|requests?)|where is my (?:ticket|request)|progress"
    r"|进度|查询|查进度|查询进度|工单进度|我的工单|進度|查詢|查詢進度)\s*[?？!！.。]*\s*",
    re.IGNORECASE,
)


def is_question(inbound: InboundMessage) -> bool:
    """Whether the message only asks where a request stands."""
    text = inbound.text.strip()
    if inbound.files or inbound.is_public or not text or len(text) > 80:
        return False
    return bool(_WORDS.fullmatch(text)) or _number_alone(text) != ""


def _number_alone(text: str) -> str:
    """The digits, when the message holds nothing else but a word such as "status"."""
    if _MISTYPED.fullmatch(text):  # as long as a number of ours: it is answered, too
        return reference.normalise(text) or re.sub(r"\D", "", text)
    numbers = reference.find_all(text)
    rest = reference.without(text).strip(" :：?？.。!！")
    alone = not rest or _WORDS.fullmatch(rest) is not None
    return numbers[0] if len(numbers) == 1 and alone else ""


def answer(account: Account, inbound: InboundMessage) -> None:
    """Queue the answer, once, however often the platform tells of the question."""
    now, number = timezone.now(), _number_alone(inbound.text)
    wrong = Occurrence.objects.filter(
        account=account, kind=KIND, sender=inbound.sender.value, facts__found=False,
        heard_at__gt=now - _WITHIN,
    ).count()  # fmt: skip
    language = supported(inbound.language or detect(inbound.text))
    with override(language):
        if wrong >= MOST_WRONG:
            text, found = _("Too many numbers that do not exist. Please try again later."), False
        elif number:
            text, found = _about(account, inbound, number)
        else:
            text, found = _own(account, inbound), True
    if _note(account, inbound, found=found, at=now):
        _queue(account, inbound, text)


def _note(account: Account, inbound: InboundMessage, *, found: bool, at: datetime) -> bool:
    """Remember the question; False when it was answered before."""
    try:
        with transaction.atomic():
            Occurrence.objects.create(
                account=account, external_id=f"asked:{inbound.external_id}"[:255], kind=KIND,
                thread=inbound.thread[:255], sender=inbound.sender.value[:254],
                facts={"found": found}, at=inbound.sent_at, applied_at=at,
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


def _queue(account: Account, inbound: InboundMessage, text: str) -> None:
    Delivery.objects.create(
        account=account,
        to=inbound.sender.value,
        lane=inbound.thread,
        external_id=f"{account.kind}-{uuid4()}",
        payload={"text": text, "thread": inbound.thread, "in_reply_to": inbound.external_id},
    )


def _about(account: Account, inbound: InboundMessage, number: str) -> tuple[str, bool]:
    told = plain_status(number)
    if told is None:
        return _("There is no request with this number. Please check it."), False
    ticket = Ticket.objects.by_reference(number)
    is_own = ticket is not None and _is_of(account, inbound, ticket)
    subject = ticket.subject if ticket is not None and is_own else ""
    return _line(told, subject), True


def _is_of(account: Account, inbound: InboundMessage, ticket: Ticket) -> bool:
    identities = ticket.requester.identities
    return identities.filter(kind=account.kind, value=inbound.sender.value).exists()


def _own(account: Account, inbound: InboundMessage) -> str:
    identity = find_identity(inbound.sender)
    tickets = Ticket.objects.filter(requester=identity.contact_id if identity else None)
    newest = list(tickets.select_related("inbox").order_by("-pk")[:_MOST])
    return _list(newest) or _("You have no request with us yet. Just write what it is about.")


def _list(tickets: Sequence[Ticket]) -> str:
    lines = [f"{each.number} · {state_of(each).label} · {each.subject[:60]}" for each in tickets]
    return "\n".join(lines)


def _line(told: PlainStatus, subject: str) -> str:
    lines = [f"{reference.display(told.reference)} · {PlainState(told.state).label}"]
    if subject:
        lines.append(subject)
    day = date_format(told.updated_on, "DATE_FORMAT")
    lines.append(_("Last update: %(day)s") % {"day": day})
    if told.next_reply_due_at is not None:
        due = date_format(timezone.localtime(told.next_reply_due_at), "SHORT_DATETIME_FORMAT")
        lines.append(_("Next answer due by %(time)s") % {"time": due})
    if told.must_act:
        lines.append(_("We are waiting for your answer."))
    return "\n".join(lines)
