"""Reading receipts: what each says, or why it says nothing; nothing is filed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import chat, commands
from channels.base import ChannelError, RawCall, Suspicious, Unreadable
from channels.happenings import Happening
from channels.mime import headers_only
from channels.models import Account, Alias, Receipt
from channels.sandbox import Unreadable as Hostile
from channels.sandbox import understand
from people.operations import Address
from support import language
from support.secrets_guard import redact
from tickets import files
from tickets.inbound import InboundMessage
from tickets.operations.continuation import Arrival, known_ids

MAX_ATTEMPTS = 5
#: How long an answer waits for an older mail that is being filed.
MOST_EARLY = timedelta(minutes=1)
#: What an operator may decide about a suspended receipt so that it is filed after all.
RELEASE, FILE = "release", "file"
UNKNOWN = "unknown"  # the kind of an address that nobody can write to


@dataclass
class Reading:
    """One receipt on its way: what it says, or why it says nothing."""

    receipt: Receipt
    messages: list[InboundMessage] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    questions: list[InboundMessage] = field(default_factory=list)
    error: Exception | None = None

    @property
    def is_decided(self) -> bool:
        """Whether an operator looked at it: then nothing holds it up."""
        return self.receipt.plan.get("decision") in (RELEASE, FILE)

    @property
    def is_limited(self) -> bool:
        """Whether its sender may open only so many tickets."""
        was_watched = "acknowledge" in self.receipt.plan
        return not (self.is_decided or was_watched or self.receipt.meta.get("import"))


def own_addresses() -> list[str]:
    """All addresses under which we receive."""
    accounts = Account.objects.exclude(address="").values_list("address", flat=True)
    return list(accounts.union(Alias.objects.values_list("address", flat=True)))


def read(receipt: Receipt, own: Sequence[str]) -> Reading:
    """Parse what came in. An adapter's bug becomes the reading's error."""
    reading = Reading(receipt)
    if receipt.attempts > MAX_ATTEMPTS:
        reading.error = ChannelError(f"a worker died {MAX_ATTEMPTS} times while reading it")
        return reading
    meta = {**receipt.meta, "own_addresses": own, "released": reading.is_decided}
    call = RawCall(body=bytes(receipt.body), meta=meta, receipt_id=receipt.pk)
    try:
        things = list(receipt.account.adapter.parse(call))
        reading.messages = [each for each in things if isinstance(each, InboundMessage)]
        reading.happenings = [each for each in things if isinstance(each, Happening)]
        _set_questions_apart(reading)
    except Unreadable as error:
        reading.messages, reading.error = _of_unreadable(reading, error)
    except Exception as error:  # noqa: BLE001 - what one mail does to us must not stop the rest
        reading.error = error
    reading.messages = [_as_planned(each, receipt) for each in reading.messages]
    return reading


def _set_questions_apart(reading: Reading) -> None:
    """In a conversation one may ask where a request stands: that is answered, and no ticket."""
    if chat.is_chat(reading.receipt.account.kind):
        reading.messages = [_with_language(each) for each in reading.messages]
        reading.questions = [each for each in reading.messages if commands.is_question(each)]
        reading.messages = [each for each in reading.messages if each not in reading.questions]


def _with_language(inbound: InboundMessage) -> InboundMessage:
    """That of its words; a platform knows only that of the person's telephone."""
    spoken = language.detect(inbound.text) or inbound.language
    return replace(inbound, language=language.supported(spoken) if spoken else "")


def _of_unreadable(
    reading: Reading, error: Unreadable
) -> tuple[list[InboundMessage], Suspicious | None]:
    """It is suspended; one that an operator wants filed all the same is filed as a file."""
    if reading.is_decided:
        return [_sealed(reading.receipt)], None
    sender, subject = _outline(reading.receipt)
    why = str(error).replace("\x00", "")
    return [], Suspicious(Receipt.Cause.UNREADABLE, why, sender=sender, subject=subject)


def _as_planned(inbound: InboundMessage, receipt: Receipt) -> InboundMessage:
    """What an operator put on a ticket, nobody vouches for; nor is what was watched answered."""
    if receipt.meta.get("is_cut"):
        inbound = replace(inbound, text=_("The mail itself was left on the mail server."))
    if receipt.plan.get("decision") == FILE:
        return _on_ticket(inbound, receipt.plan["ticket_id"])
    if receipt.plan.get("acknowledge") is False:
        return replace(inbound, never_acknowledge=inbound.never_acknowledge or "watched")
    return inbound


def _on_ticket(inbound: InboundMessage, ticket_id: int) -> InboundMessage:
    """Only the operator's word counts: none of the marks and ids that the mail bears."""
    return replace(
        inbound,
        ticket_id=ticket_id,
        as_stranger=True,
        is_verified=False,
        agent_id=None,
        side_thread_id=None,
        references=(),
        subject_reference="",
        thread="",
    )


def _sealed(receipt: Receipt) -> InboundMessage:
    """A message that only bears the mail we cannot read."""
    sender, subject = receipt.sender, receipt.subject
    raw = bytes(receipt.body)
    file = files.describe("original.eml", raw, key=_kept(raw))
    return InboundMessage(
        external_id=f"released-{receipt.pk}",
        sender=Address.email(sender) if "@" in sender else Address(UNKNOWN, f"r{receipt.pk}"),
        text=_("This mail could not be read. It is attached as it came."),
        subject=subject,
        sent_at=receipt.received_at,
        never_acknowledge="unreadable",
        files=(file,),
        receipt_id=receipt.pk,
    )


def _kept(raw: bytes) -> str:
    try:
        return files.keep(raw)
    except OSError:  # the sweep completes it
        return ""


def _outline(receipt: Receipt) -> tuple[str, str]:
    """Sender and subject as far as the headers of an unreadable mail tell."""
    named = str(receipt.meta.get("mail_from") or "")
    try:
        mail = understand(headers_only(bytes(receipt.body)))
    except Hostile:
        return named, ""
    return mail.from_email or named, redact(mail.subject)[0]


def without_early(readings: Sequence[Reading]) -> list[Reading]:
    """Put back answers to mails that another worker may have in hand at this moment.

    Filed before the mail it answers, an answer would open a ticket of its own.
    """
    answers = [reading for reading in readings if _answers(reading)]
    since = timezone.now() - MOST_EARLY
    in_hand = Receipt.objects.filter(
        status=Receipt.Status.WAITING, attempts=1, due_at__gt=timezone.now(), received_at__gt=since
    ).exclude(pk__in=[reading.receipt.pk for reading in readings])
    oldest = min(in_hand.values_list("pk", flat=True), default=0) if answers else 0
    if not oldest:
        return list(readings)
    arrivals = [Arrival(r.receipt.account.inbox, m) for r in answers for m in _answers(r)]
    known = {external_id for _, external_id in known_ids(arrivals)}
    kept = []
    for reading in readings:
        homeless = any(known.isdisjoint(m.references) for m in _answers(reading))
        if homeless and reading.receipt.pk > oldest and reading.receipt.received_at > since:
            _put_back(reading)
            continue
        known |= {inbound.external_id for inbound in reading.messages}
        kept.append(reading)
    return kept


def _answers(reading: Reading) -> list[InboundMessage]:
    """Those that only the id of another mail can lead to their ticket."""
    return [each for each in reading.messages if each.references and each.ticket_id is None]


def _put_back(reading: Reading) -> None:
    """As if it had not been taken up."""
    Receipt.objects.filter(pk=reading.receipt.pk, status=Receipt.Status.WAITING).update(
        due_at=timezone.now(), attempts=F("attempts") - 1
    )
    forget_files(reading.messages)


def forget_files(messages: Iterable[InboundMessage]) -> None:
    """Delete the files of messages that are not filed, or were before."""
    for inbound in messages:
        for file in inbound.files:
            if file.key:
                default_storage.delete(file.key)
