"""A ticket that came by mail, and the parts of what leaves."""

from __future__ import annotations

from email.message import EmailMessage

from channels.models import Account
from channels.receipts import accept
from people.operations import Address
from tests.factories import make_account, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Ticket

CARL, DORA, EVA = (
    Address.email(f"{name}@example.net", name.title()) for name in ("carl", "dora", "eva")
)


def opened(sink: Sink, **values: str) -> Ticket:
    """Ann's, from a mail with these headers; the acknowledgement is taken out of the way."""
    account = Account.objects.first() or make_account()
    accept(account, raw_mail(**values), {})
    work()
    forget(sink)
    return Ticket.objects.order_by("-pk")[0]


def heard(ticket: Ticket, **values: str) -> Message:
    """Another mail to the first mailbox, and the message it became."""
    accept(Account.objects.order_by("pk")[0], raw_mail(**values), {})
    work()
    return Message.objects.filter(direction="inbound").order_by("-pk")[0]


def forget(sink: Sink) -> None:
    sink.mails.clear()
    sink.envelopes.clear()


def plain(mail: EmailMessage) -> str:
    return str(mail.get_body(("plain",)).get_content()).replace("\r\n", "\n")  # type: ignore[union-attr]


def rich(mail: EmailMessage) -> str:
    return str(mail.get_body(("html",)).get_content())  # type: ignore[union-attr]


def recipients(sink: Sink) -> list[str]:
    return sorted(address for envelope in sink.envelopes for address in envelope.rcpt_tos)
