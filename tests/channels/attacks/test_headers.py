"""Rows 8 and 9: headers that give orders, and verdicts of servers that are not our border."""

from __future__ import annotations

from typing import Any

import pytest

from people.models import Identity
from tests.channels.attacks.gate import OURS, file
from tests.factories import make_account, raw_mail
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db

ORDERS = {
    "X-Harbour-Ticket-Id": "1",
    "X-Harbour-Ticket": "{number}",
    "X-Harbour-Agent": "1",
    "X-Harbour-Status": "solved",
    "X-Harbour-Verified": "yes",
    "X-Harbour-Priority": "urgent",
    "X-Harbour-Loop": "no",
    "X-RT-Ticket-Id": "1",
    "X-RT-Sign": "1",
    "X-RT-Encrypt": "1",
    "X-RT-Send-Cc": "eve@evil.example",
    "X-RT-Squelch": "1",
    "X-RT-Command": "status: resolved",
    "RT-Owner": "root",
    "X-Zammad-Ticket-Id": "1",
    "X-Zammad-Ticket-Number": "{number}",
    "X-Zammad-Ticket-State": "closed",
    "X-Zammad-Customer-Email": "eve@evil.example",
    "X-Zammad-Article-Internal": "true",
    "X-Zammad-Ignore": "true",
    "X-FreeScout-Mail-Type": "user.notification",
    "X-FreeScout-Thread-Id": "1",
    "X-OSTicket-Id": "1",
    "X-Libredesk-Loop-Prevention": "support@example.com",
    "X-Ticket-Id": "1",
    "X-Priority-Ticket": "urgent",
    "Authentication-Results": "evil.example; dmarc=pass header.from=example.org",
    "ARC-Authentication-Results": "i=1; mx.example.com; dmarc=pass header.from=example.org",
    "X-Authentication-Results": "mx.example.com; dmarc=pass",
    "Received-SPF": "pass",
}
VARYING = ["id", "ticket_id", "receipt_id", "created_at", "external_id", "fingerprint"]


@pytest.fixture(autouse=True)
def _border(settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = OURS


def facts(ticket: Ticket) -> tuple[dict[str, Any], dict[str, Any]]:
    """All that is known of a ticket and its message, less what differs between any two."""
    message = Message.objects.filter(ticket=ticket).values().get()
    kept = Ticket.objects.filter(pk=ticket.pk).values().get()
    own = ["id", "reference", "created_at", "active_at", "waiting_since", "last_event_id"]
    return (
        {name: value for name, value in kept.items() if name not in own},
        {name: value for name, value in message.items() if name not in VARYING},
    )


def test_no_header_from_outside_gives_an_order() -> None:
    account = make_account()
    file(account, [raw_mail(From="bob@example.org")])
    other = Ticket.objects.get()
    orders = {name: value.format(number=other.number) for name, value in ORDERS.items()}
    file(account, [raw_mail()])
    plain = Ticket.objects.latest("pk")
    file(account, [raw_mail(**{name.replace("-", "_"): value for name, value in orders.items()})])
    ordered = Ticket.objects.latest("pk")
    assert ordered.pk != plain.pk
    assert facts(ordered) == facts(plain)
    assert other.messages.count() == 1


def test_a_forged_verdict_beside_the_true_one_fools_nobody() -> None:
    account = make_account()
    true = f"Authentication-Results: {OURS}; dmarc=none header.from=example.org\r\n"
    forgeries = [
        f"Authentication-Results: {forged}\r\n"
        for forged in (
            f"{OURS}; dmarc=pass",
            f"{OURS}; dmarc=pass header.from=example.org",
            f"{OURS} 1; spf=pass; dkim=pass; dmarc=pass header.from=example.org",
            f"{OURS.upper()}; dmarc=pass",
            f"{OURS}.evil.example; dmarc=pass",
            "evil.example; dmarc=pass header.from=example.org",
            f'evil.example; dmarc=none reason="{OURS}; dmarc=pass"',
            f"evil.example; dmarc=none ({OURS}; dmarc=pass)",
            f"({OURS}) evil.example; dmarc=pass",
            f"{OURS}\r\n\t; dmarc=pass",
        )
    ]
    mails = [
        (forged + true if above else true + forged).encode() + raw_mail()
        for forged in forgeries
        for above in (True, False)
    ]
    file(account, mails)
    assert Message.objects.count() == len(mails) == 20
    assert not Message.objects.filter(is_verified=True).exists()
    assert not Identity.objects.filter(verified_at__isnull=False).exists()


def test_our_own_word_alone_verifies() -> None:
    said = f"{OURS}; dkim=pass header.d=example.org; dmarc=pass header.from=example.org"
    file(make_account(), [raw_mail(Authentication_Results=said)])
    assert Message.objects.get().is_verified
