"""Tickets at a desk, as the tests of the composer need them."""

from __future__ import annotations

import struct
import zlib

from django.http import HttpResponse

from channels.receipts import accept
from tests.factories import make_account, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Ticket


def asked_by_ann(sink: Sink) -> Ticket:
    """Ann's, with Carl copied, and another Reply-To."""
    mail = raw_mail(Cc="Carl Berg <carl@example.net>", Reply_To="ann@home.example")
    accept(make_account(), mail, {})
    work()
    sink.mails.clear()
    sink.envelopes.clear()
    return Ticket.objects.get()


def png(width: int = 4) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" + b"\x7f" * width)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def place(ticket: Ticket, action: str = "") -> str:
    return f"/console/tickets/{ticket.reference}/{action + '/' if action else ''}"


def shown(response: HttpResponse) -> str:
    return response.content.decode()


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def got(sink: Sink) -> list[str]:
    return sorted(address for envelope in sink.envelopes for address in envelope.rcpt_tos)
