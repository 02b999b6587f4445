"""kill -9 between any two statements of the path: nothing is lost, nothing done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from channels.models import AutomaticMail, Delivery, Receipt
from channels.receipts import accept
from support.models import OutboxEntry
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Ticket
from tickets.operations.reply import reply

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
MAILS = 6

#: The points of the path, and whether the mail may already be with the next server then.
POINTS = {
    "receipts.claimed": False,
    "receipts.parsed": False,
    "intake.message_created": False,
    "receipts.before_commit": False,
    "outbox.before_commit": False,
    "delivery.claimed": False,
    "delivery.before_data": False,
    "delivery.accepted": True,
    "delivery.before_settled": True,
}


def run_worker(sink: Sink, fault: str = "") -> int:
    """Work off in another process; its exit code, negative when a signal ended it."""
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={quote(str(database['HOST']), safe='')}"
    if not str(database["HOST"]).startswith("/"):
        url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "FAULT": fault,
    }
    command = [sys.executable, "-m", "tests.faults.work_off"]
    done = subprocess.run(command, cwd=ROOT, env=environment, timeout=120, capture_output=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()[-2000:]
    return done.returncode


def let_leases_end() -> None:
    """The clock moves on: what a dead worker had claimed is due again."""
    now = timezone.now()
    Receipt.objects.filter(status="waiting").update(due_at=now)
    Delivery.objects.filter(status__in=["queued", "sending"]).update(due_at=now)
    OutboxEntry.objects.update(due_at=now)


def send_in() -> None:
    account = make_account()
    for n in range(MAILS):
        accept(account, raw_mail(From=f"c{n}@example.org", Message_ID=f"<k{n}@example.org>"), {})


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, 2])
def test_a_worker_killed_anywhere_loses_and_doubles_nothing(
    sink: Sink, point: str, nth: int
) -> None:
    send_in()
    killed = run_worker(sink, f"{point}:{nth}:kill9") == -signal.SIGKILL
    let_leases_end()
    assert run_worker(sink) == 0

    assert Ticket.objects.count() == Message.objects.count() == MAILS
    assert set(Receipt.objects.values_list("status", flat=True)) == {"filed"}
    assert not OutboxEntry.objects.exists()
    assert AutomaticMail.objects.filter(suppressed_by="").count() == MAILS
    got = Counter(str(mail["To"]) for mail in sink.mails)
    assert len(got) == MAILS, "every customer has an acknowledgement"
    doubled = sum(got.values()) - MAILS
    assert doubled <= (1 if killed and POINTS[point] else 0)
    ids = {str(mail["Message-ID"]) for mail in sink.mails}
    assert len(ids) == MAILS, "a doubled mail bears the same Message-ID"
    if nth == 1:
        assert killed, f"nothing passes {point}"


def test_a_reply_that_may_have_gone_is_shown_as_unknown_and_not_sent_again(sink: Sink) -> None:
    send_in()
    run_worker(sink)
    ticket = Ticket.objects.order_by("pk").first()
    assert ticket is not None
    message = reply(ticket, "Your refund is on its way", actor=make_agent())
    assert run_worker(sink, "delivery.accepted:1:kill9") == -signal.SIGKILL
    let_leases_end()
    run_worker(sink)
    assert [str(mail["Message-ID"]) for mail in sink.mails].count(
        Delivery.objects.get(message=message).external_id
    ) == 1
    assert Delivery.objects.get(message=message).status == Delivery.Status.UNKNOWN
    message.refresh_from_db()
    assert message.failure


def test_a_reply_not_yet_handed_over_is_sent_after_all(sink: Sink) -> None:
    send_in()
    run_worker(sink)
    ticket = Ticket.objects.order_by("pk").first()
    assert ticket is not None
    message = reply(ticket, "Your refund is on its way", actor=make_agent())
    run_worker(sink, "delivery.claimed:1:kill9")
    let_leases_end()
    run_worker(sink)
    assert Delivery.objects.get(message=message).status == Delivery.Status.SENT


def test_a_mail_server_that_is_away_is_waited_for(sink: Sink) -> None:
    send_in()
    for n in range(MAILS):
        sink.answers[f"c{n}@example.org"] = "451 4.3.0 come back later"
    work()
    assert sink.mails == []
    assert set(Delivery.objects.values_list("status", flat=True)) == {"queued"}
    sink.answers.clear()
    let_leases_end()
    work()
    assert len(sink.mails) == MAILS
