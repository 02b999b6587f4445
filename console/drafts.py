"""What stands in the composer when a page opens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import QuerySet
from django.http import HttpRequest

from channels import chat
from channels.correspondents import Recipients, reply_to_all
from console.items import channel_name
from people.operations import Address
from tickets.models import Attachment, Message, Ticket
from tickets.operations.content import preview_of
from tickets.operations.recipients import addresses_in

MODES = ("reply", "note", "forward")
_SPECIAL = re.compile(r"[,;:@<>()\[\]\"，]")
_PUBLIC_ID = re.compile(r"[0-9a-f-]{36}")
#: Messages that can be chosen to be passed on.
MOST_CHOICES = 20


@dataclass(frozen=True, kw_only=True)
class Draft:
    """``to``, ``cc`` and ``bcc`` are lines as people type them."""

    mode: str = "reply"
    channel: str = ""  # where the conversation is held, unless by mail
    text: str = ""
    to: str = ""
    cc: str = ""
    bcc: str = ""
    third: str = ""
    subject: str = ""
    passes_on: str = ""
    after: str = "pending"
    aside: str = ""  # the side thread that ``aside_text`` answers
    aside_text: str = ""
    kept: Sequence[Attachment] = ()
    everybody: Recipients = field(default_factory=Recipients)
    asked: Sequence[Address] = ()  # another Reply-To of the last message
    choices: Sequence[Message] = ()

    @property
    def first(self) -> str:
        """Whom a reply goes to, in a word."""
        people = self.everybody.to
        return (people[0].name or people[0].value) if people else ""

    @property
    def named_choices(self) -> list[tuple[Message, str]]:
        return [(message, preview_of(message.text)[:40]) for message in self.choices]

    @property
    def others(self) -> int:
        return len([one for one in f"{self.to},{self.cc},{self.bcc}".split(",") if "@" in one]) - 1

    @property
    def all_to(self) -> str:
        return line(self.everybody.to)

    @property
    def all_cc(self) -> str:
        return line(self.everybody.cc)

    @property
    def only(self) -> str:
        return line(self.everybody.to[:1])

    @property
    def doubtful(self) -> str:
        return line(self.everybody.doubtful)

    @property
    def asked_line(self) -> str:
        return line(self.asked)


def line(people: Iterable[Address]) -> str:
    """As people read and type it, and not as headers encode it."""
    return ", ".join(_shown(each) for each in people)


def _shown(address: Address) -> str:
    name = address.name.replace('"', "'")
    if not name:
        return address.value
    quoted = f'"{name}"' if _SPECIAL.search(name) else name
    return f"{quoted} <{address.value}>"


def draft_for(request: HttpRequest, ticket: Ticket) -> Draft:
    """A reply to all; what was taken back (``?draft=``); a message to pass on (``?forward=``)."""
    draft = _empty(ticket)
    if taken := _message(ticket.messages.taken_back(), request.GET.get("draft", "")):
        to, cc, bcc = (line(addresses_in(taken.addressing, name)) for name in ("to", "cc", "bcc"))
        kept = list(taken.attachments.order_by("pk"))
        return replace(draft, text=taken.text, kept=kept, to=to, cc=cc, bcc=bcc)
    if chosen := _message(ticket.messages.public(), request.GET.get("forward", "")):
        return replace(draft, mode="forward", passes_on=str(chosen.pk))
    return draft


def draft_again(request: HttpRequest, ticket: Ticket, mode: str) -> Draft:
    """What was sent in and could not be done, as it was."""
    draft, posted = _empty(ticket), request.POST
    said = posted.get("text", "")
    if mode == "aside":
        return replace(draft, aside=posted.get("side_thread", ""), aside_text=said)
    if mode not in MODES:
        return draft
    kept = [one for one in posted.getlist("keep") if _PUBLIC_ID.fullmatch(one)]
    return replace(
        draft,
        mode=mode,
        text=said,
        to=posted.get("to", draft.to),
        cc=posted.get("cc", draft.cc),
        bcc=posted.get("bcc", ""),
        third=posted.get("third", ""),
        subject=posted.get("subject", draft.subject),
        after=posted.get("after", draft.after),
        passes_on=posted.get("passes_on", draft.passes_on),
        kept=list(Attachment.objects.filter(public_id__in=kept, message__ticket=ticket)),
    )


def _empty(ticket: Ticket) -> Draft:
    held = chat.holds(ticket)
    everybody = Recipients() if held else reply_to_all(ticket)
    talk = ticket.messages.public().select_related("contact", "agent").order_by("-pk")
    choices = list(talk.prefetch_related("attachments")[:MOST_CHOICES])
    heard = [one for one in choices if one.direction == Message.Direction.INBOUND]
    asked = addresses_in(heard[0].addressing, "reply_to") if heard else []
    return Draft(
        channel=channel_name(held.kind) if held else "",
        to=line(everybody.to),
        cc=line(everybody.cc),
        everybody=everybody,
        choices=choices,
        asked=asked,
        subject=ticket.subject,
        passes_on=str(heard[0].pk) if heard else "",
    )


def _message(rows: QuerySet[Message], given: str) -> Message | None:
    return rows.filter(pk=int(given)).first() if given.isdecimal() and len(given) < 19 else None
