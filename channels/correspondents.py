"""Whom a reply to all goes to, and which addresses are our own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from channels.models import Account, Alias
from channels.threads import base_address
from people.operations import Address, email_of
from tickets.models import Message, Ticket
from tickets.operations.recipients import addresses_in, by_mail, is_address

_INBOUND = Message.Direction.INBOUND


@dataclass(frozen=True, kw_only=True)
class Recipients:
    """``doubtful`` were copied on a mail that proves nothing: an agent may add them."""

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    doubtful: tuple[Address, ...] = ()

    @property
    def others(self) -> int:
        """How many get it besides the first."""
        return max(0, len(self.to) + len(self.cc) - 1)


def our_addresses() -> frozenset[str]:
    """Every mailbox and alias of ours, whether it is in use or not, in lower case."""
    accounts = Account.objects.exclude(address="").values_list("address", flat=True)
    aliases = Alias.objects.values_list("address", flat=True)
    return frozenset(address.lower() for address in [*accounts, *aliases])


def without_ours(addresses: Iterable[Address], ours: frozenset[str]) -> list[Address]:
    """Each address once, less our own and those signed by us; the latter begin like ours."""
    kept = {
        address.value: address
        for address in addresses
        if address.value not in ours and base_address(address.value) not in ours
    }
    return list(kept.values())


def reply_to_all(ticket: Ticket) -> Recipients:
    """The requester, and all who take part or were copied by somebody we may believe.

    Blind copies stay blind: they are in no list that could be answered to.
    """
    ours = our_addresses()
    public = Message.objects.public().filter(ticket=ticket, direction=_INBOUND, is_automatic=False)
    public = public.exclude(author=Message.Author.STRANGER).select_related("contact")
    first, last = public.order_by("pk").first(), public.order_by("-pk").first()
    to = without_ours([*by_mail(ticket), *_other_author(last)], ours)
    copied = [*_named(first), *(_named(last) if last and is_believed(last) else [])]
    cc = without_ours([*copied, *_taking_part(ticket)], ours | {each.value for each in to})
    known = ours | {each.value for each in [*to, *cc]}
    return Recipients(to=tuple(to), cc=tuple(cc), doubtful=tuple(without_ours(_named(last), known)))


def _named(message: Message | None) -> list[Address]:
    """To and Cc of a mail; nobody where it went to more than anybody writes to by hand."""
    if message is None or message.addressing.get("more"):
        return []
    return [each for each in addresses_in(message.addressing, "to", "cc") if is_address(each.value)]


def is_believed(message: Message) -> bool:
    """Whether its sender proved to be who they say: a forger might copy themselves in."""
    return message.is_verified or bool(message.addressing.get("proved"))


def _other_author(last: Message | None) -> list[Address]:
    """Somebody else on the ticket who wrote last is answered, too; the requester stays."""
    if last is None or last.author != Message.Author.PARTICIPANT or last.contact is None:
        return []
    name, address = last.addressing.get("from") or ("", email_of(last.contact))
    return [Address.email(address, name or last.contact.name)] if address else []


def _taking_part(ticket: Ticket) -> list[Address]:
    rows = ticket.participants.select_related("contact").order_by("pk")
    people = [(email_of(row.contact), row.contact.name) for row in rows]
    return [Address.email(address, name) for address, name in people if address]
