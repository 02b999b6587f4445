"""Rows 14, 15, 23, 24 and 25: floods that would make us write to people who never asked."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.models import AutomaticMail, Delivery, Receipt
from channels.receipts import accept
from people.models import Identity
from tests.channels.attacks.gate import OURS, file, outcomes
from tests.channels.reports import report
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Participant, Ticket
from tickets.operations.reply import reply

MARKERS = ["QXZ-subject", "QXZ-body", "QXZ-name", "QXZ-attachment", "evil.example/QXZ"]


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.HARBOUR_UNDO_SECONDS = 0
    settings.HARBOUR_AUTHSERV_ID = OURS


@pytest.mark.django_db
def test_three_hundred_forged_requests_are_one_mail_to_the_victim() -> None:
    mails = [
        raw_mail(From=f"Victim {n} <victim@example.org>", Subject=f"Nr {n}") for n in range(300)
    ]
    file(make_account(), mails)
    assert Delivery.objects.count() == 1
    ends = outcomes()
    assert ends["filed"] + ends["suspended"] == 300
    assert Receipt.objects.filter(status="suspended", cause="sender_limit").count() > 200


@pytest.mark.django_db
def test_one_mail_to_each_of_three_hundred_forged_senders_hits_the_breaker() -> None:
    account = make_account(automatic_per_minute=20)
    file(account, [raw_mail(From=f"victim{n}@example.org") for n in range(300)])
    ends = Counter(Delivery.objects.values_list("status", flat=True))
    assert Ticket.objects.count() == 300
    assert ends["queued"] <= 20
    assert ends["held"] >= 280


@pytest.mark.django_db(transaction=True)
def test_no_word_of_an_attackers_is_in_what_we_send_unasked(sink: Sink) -> None:
    disguised = raw_mail(
        From='"QXZ-name {{ company }} https://evil.example/QXZ" <victim@example.org>',
        Subject="QXZ-subject {{ status_link }} https://evil.example/QXZ",
        Content_Type='multipart/mixed; boundary="b"',
        text="--b\r\n\r\nQXZ-body {{ reference }}\r\n--b\r\nContent-Type: text/plain\r\n"
        'Content-Disposition: attachment; filename="QXZ-attachment.txt"\r\n\r\nhi\r\n--b--',
    )
    accept(make_account(), disguised, {})
    work()
    [sent] = sink.mails
    everything = sent.as_string() + str(sent["Subject"]) + str(sent["To"]) + sent.get_content()
    assert not [marker for marker in MARKERS if marker in everything]
    assert Message.objects.get().attachments.get().name == "QXZ-attachment.txt"


@pytest.mark.django_db
def test_fifty_thousand_recipients_are_a_ticket_and_nobody_hears_of_it() -> None:
    crowd = ",\r\n ".join(f"c{n}@example.net" for n in range(50_000))
    began = time.monotonic()
    file(make_account(), [raw_mail(Cc=crowd), raw_mail(From="bob@example.org")])
    assert time.monotonic() - began < 10
    assert Receipt.objects.filter(status__in=["filed", "suspended"]).count() == 2
    assert Ticket.objects.filter(requester__identities__value="bob@example.org").exists()
    assert Participant.objects.count() <= 48
    assert not Delivery.objects.filter(to__contains="example.net").exists()


@pytest.mark.django_db(transaction=True)
def test_a_storm_of_bounces_costs_a_few_statements_each(sink: Sink) -> None:
    account, agent = make_account(), make_agent()
    file(account, [raw_mail(From=f"c{n}@example.org") for n in range(50)])
    for ticket in Ticket.objects.all():
        reply(ticket, "Hello", actor=agent)
    work()
    sent = Delivery.objects.filter(message__isnull=False).order_by("pk")
    storm = [report(original_id=each.external_id, recipient=each.to) for each in sent]
    forged = [report(recipient=f"f{n}@example.net") for n in range(50)]
    mails = len(sink.mails)
    for raw in [*storm, *forged]:
        accept(account, raw, {"mail_from": ""})
    with CaptureQueriesContext(
        connection,
    ) as log:
        file(account, [])
    assert len(log) / 100 < 20
    work()
    assert len(sink.mails) == mails
    assert Identity.objects.filter(undeliverable_at__isnull=False).count() == 50
    assert sent.filter(status=Delivery.Status.FAILED).count() == 50


@pytest.mark.django_db
def test_nothing_is_sent_to_stopped_addresses_in_a_hundred_tries() -> None:
    account = make_account()
    file(account, [raw_mail(From=f"c{n}@example.org") for n in range(100)])
    Delivery.objects.update(status="sent")
    Identity.objects.update(undeliverable_at="2026-01-01T00:00Z")
    written = Delivery.objects.count()
    file(account, [raw_mail(From=f"c{n}@example.org", Subject="More") for n in range(100)])
    assert Delivery.objects.count() == written
    suppressed = AutomaticMail.objects.order_by("-pk")[:100]
    assert {mail.suppressed_by for mail in suppressed} == {"address-bounced"}


@pytest.mark.django_db
def test_a_flood_of_one_sender_is_kept_and_delays_nobody(settings: Any) -> None:
    account = make_account()
    flood = [raw_mail(From="eve@evil.example", Subject=f"Nr {n}") for n in range(100)]
    file(account, [*flood, raw_mail(From="bob@example.org")])
    opened = Ticket.objects.filter(requester__identities__value="eve@evil.example").count()
    assert opened == settings.HARBOUR_SENDER_RATE == 20
    assert Receipt.objects.filter(cause="sender_limit").count() == 80
    assert Ticket.objects.filter(requester__identities__value="bob@example.org").exists()
