"""One entry of the conversation, as the page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from channels import markup
from channels.correspondents import without_ours
from channels.models import Delivery
from channels.refusals import explain
from tickets.models import Attachment, Message, SideThread
from tickets.operations.recipients import addresses_in

_STUCK = (Delivery.Status.FAILED, Delivery.Status.UNKNOWN)


@dataclass(frozen=True)
class Piece:
    """A run of text, or a picture in its place."""

    text: str = ""
    picture: Attachment | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """One of ``message``, ``side_thread`` and ``text`` is set."""

    key: str
    at: datetime
    message: Message | None = None
    deliveries: Sequence[Delivery] = ()
    heard_since: bool = False  # the customer wrote after this was written
    ours: frozenset[str] = frozenset()  # our own addresses, which nobody needs to read
    side_thread: SideThread | None = None
    items: Sequence[Item] = field(default_factory=list)
    text: str = ""
    actor: str = ""

    @property
    def channel(self) -> str:
        """The door it came by, in words."""
        return channel_name(self.message.channel) if self.message else ""

    @property
    def delivery(self) -> Delivery | None:
        """The one that counts: to whom it is meant for."""
        return next(iter(self.deliveries), None)

    @property
    def stuck(self) -> list[Stuck]:
        """Those who have not got it, or nobody can say: an agent decides."""
        found = [each for each in self.deliveries if each.status in _STUCK]
        return [Stuck(each, self._reason(each)) for each in found]

    def _reason(self, delivery: Delivery) -> str:
        is_main = delivery is self.delivery
        said = self.message.failure if self.message and is_main else ""
        return explain(said or delivery.error)

    @property
    def is_stuck(self) -> bool:
        """Whether the one it is meant for has not got it."""
        return self.delivery is not None and self.delivery.status in _STUCK

    @property
    def failure(self) -> str:
        """Why it did not arrive, in the reader's words."""
        said = self.message.failure if self.message else ""
        return explain(said or (self.delivery.error if self.delivery else ""))

    @property
    def state(self) -> str:
        """Changes whenever this entry must be shown anew."""
        if self.side_thread is not None:
            return " ".join([str(len(self.items)), *(item.state for item in self.items)])
        if self.message is None:
            return ""
        statuses = [str(each.status) for each in self.deliveries]
        flags = (self.message.is_waiting, self.message.withdrawn_at, self.heard_since)
        return " ".join([*statuses, *map(str, flags), self.message.failure])

    @property
    def pieces(self) -> list[Piece]:
        """The words, with the pictures that they show in their place."""
        if self.message is None:
            return []
        files = self.message.attachments.all()
        inline = {file.content_id: file for file in files if file.is_image and file.key}
        cut = markup.pieces(self.message.text)
        return [
            Piece(picture=inline[name]) if name in inline else Piece(text=text)
            for text, name in cut
        ]

    @property
    def loose_files(self) -> list[Attachment]:
        """Those that the words do not show in their place."""
        if self.message is None:
            return []
        shown = {piece.picture.pk for piece in self.pieces if piece.picture}
        return [file for file in self.message.attachments.all() if file.pk not in shown]

    @property
    def people(self) -> list[tuple[str, str, str]]:
        """Whom it names: a word, the addresses in short, and in full."""
        names = {"to": _("To"), "cc": _("Cc"), "bcc": _("Bcc"), "reply_to": _("Answers to")}
        addressing = self.message.addressing if self.message else {}
        found = []
        for field_, word in names.items():
            some = without_ours(addresses_in(addressing, field_), self.ours)
            if some:
                full = (f"{each.name} <{each.value}>" if each.name else each.value for each in some)
                short = ", ".join(each.name or each.value for each in some)
                found.append((word, short, ", ".join(full)))
        return found

    @property
    def sender(self) -> str:
        """The address an inbound mail came from."""
        pair = (self.message.addressing.get("from") if self.message else None) or ("", "")
        return str(pair[1])

    @property
    def asks_elsewhere(self) -> str:
        """Where the sender wants answers, when that is not where they wrote from."""
        some = addresses_in(self.message.addressing if self.message else {}, "reply_to")
        return ", ".join(each.value for each in some)


@dataclass(frozen=True)
class Stuck:
    delivery: Delivery
    reason: str


def channel_name(channel: str) -> str:
    """What agents call the door that rows know by its slug."""
    names = {
        "email": _("email"),
        "web": _("web form"),
        "portal": _("status page"),
        "api": "API",
    }
    return names.get(channel, channel)
