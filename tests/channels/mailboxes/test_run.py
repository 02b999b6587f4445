"""All mailboxes watched at once: what comes is seen soon, what fails is said and tried again."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from channels.mailboxes import locks, reader
from channels.mailboxes.cursor import begin_import, pause
from channels.mailboxes.folder import Folder
from channels.models import Account, FetchState, Receipt
from support.models import Heartbeat
from tests.channels.mailboxes.boxes import change, eventually, look, mails, make_mailbox, stored
from tests.channels.mailboxes.dovecot import PASSWORD, Dovecot
from tests.channels.mailboxes.proxy import running_proxy
from tests.channels.outages import drop_other_sessions
from tests.factories import make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
ROOT = Path(__file__).resolve().parents[3]


def begun(account: Account) -> Callable[[], bool]:
    read = FetchState.objects.filter(account=account).exclude(fetched_at=None)
    return read.exists


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`manage mailboxes` as it runs for customers, on the tests' database."""
    processes = []

    def begin(fault: str = "") -> subprocess.Popen[bytes]:
        environment = {**os.environ, "DATABASE_URL": database_url(), "FAULT": fault}
        command = [sys.executable, ROOT / "manage.py", "mailboxes"]
        processes.append(subprocess.Popen(command, env=environment, cwd=ROOT))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.wait()


def database_url() -> str:
    database = connection.settings_dict
    if not str(database["HOST"]).startswith("/"):
        return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database['NAME']}"
    host = quote(str(database["HOST"]), safe="")
    return f"postgresql://{database['USER']}@/{database['NAME']}?host={host}"


@pytest.mark.parametrize("security", ["none", "ssl"])
def test_a_mail_is_stored_moments_after_it_came(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, security: str, watching: threading.Event
) -> None:
    account = make_mailbox(dovecot)
    if security == "ssl":
        monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.root / "cert.pem"))
        there = {"imap_host": "localhost", "imap_port": dovecot.tls_port}
        change(account, **there, imap_security="ssl")
    eventually(begun(account))
    times = []
    for n in range(5):
        time.sleep(0.3)  # let it go back to waiting
        dovecot.drop(*mails(1, first=n))
        times.append(eventually(lambda n=n: Receipt.objects.count() == n + 1))
    told = ", ".join(f"{seconds:.2f}" for seconds in times)
    print(f"\nfrom delivery to receipt, by IDLE: {told} s; median {statistics.median(times):.2f} s")
    assert statistics.median(times) < 5


def test_mailboxes_come_change_and_go_while_it_runs(
    dovecot: Dovecot, watching: threading.Event
) -> None:
    eventually(lambda: Heartbeat.objects.filter(name="mailboxes").exists())
    account = make_mailbox(dovecot)
    assert eventually(begun(account)) < 8
    dovecot.drop(*mails(1))
    eventually(lambda: Receipt.objects.count() == 1)
    dovecot.drop(*mails(1, first=1), folder="Sales")
    change(account, folder="Sales")
    eventually(lambda: Receipt.objects.count() == 2)
    Account.objects.update(is_active=False)
    eventually(lambda: not held(account))
    dovecot.drop(*mails(1, first=2), folder="Sales")
    time.sleep(2)
    assert Receipt.objects.count() == 2


def held(account: Account) -> bool:
    """Whether somebody has the mailbox's lock."""
    if not locks.take(account.pk):
        return True
    locks.release(account.pk)
    return False


def test_a_wrong_password_is_said_and_the_right_one_works_at_once(
    dovecot: Dovecot, watching: threading.Event
) -> None:
    account = make_mailbox(dovecot, password="wrong")
    eventually(lambda: FetchState.objects.exclude(error="").exists())
    state = FetchState.objects.get()
    assert "does not let" in state.error
    assert state.next_try_at > timezone.now() + timedelta(seconds=30)
    assert (state.failures, state.needs_sign_in) == (1, False)
    change(account, password=PASSWORD)
    eventually(begun(account))
    eventually(lambda: FetchState.objects.filter(failures=0, error="").exists())


def test_somebody_is_asked_to_sign_in_when_it_is_refused_again(
    dovecot: Dovecot, watching: threading.Event
) -> None:
    account = make_mailbox(dovecot, password="wrong")
    eventually(lambda: FetchState.objects.filter(failures=1).exists())
    FetchState.objects.update(next_try_at=timezone.now())
    eventually(lambda: FetchState.objects.filter(needs_sign_in=True).exists())
    change(account, password=PASSWORD)
    eventually(lambda: FetchState.objects.filter(needs_sign_in=False, failures=0).exists())


def test_an_account_that_is_not_fetched_costs_nothing(watching: threading.Event) -> None:
    make_account()
    eventually(lambda: Heartbeat.objects.filter(name="mailboxes").exists())
    time.sleep(1)
    assert not FetchState.objects.exists()


def test_a_line_that_breaks_while_waiting_is_opened_again(
    dovecot: Dovecot, watching: threading.Event
) -> None:
    with running_proxy(dovecot.port) as proxy:
        account = make_mailbox(dovecot, imap_port=proxy.port)
        eventually(begun(account))
        time.sleep(0.5)
        proxy.cut_all()
        dovecot.drop(*mails(3))
        eventually(lambda: Receipt.objects.count() == 3)
        eventually(lambda: FetchState.objects.filter(failures=0, error="").exists())
    assert proxy.connections == 2


def test_it_survives_the_database_going_away(
    dovecot: Dovecot, account: Account, watching: threading.Event
) -> None:
    eventually(begun(account))
    for n in range(3):
        drop_other_sessions()
        dovecot.drop(*mails(20, first=20 * n))
        eventually(lambda n=n: Receipt.objects.count() == 20 * (n + 1), 40)
    assert stored() == sorted(mails(60))


def test_two_processes_open_one_connection_to_a_mailbox(
    dovecot: Dovecot, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    with running_proxy(dovecot.port) as proxy:
        account = make_mailbox(dovecot, imap_port=proxy.port)
        processes = [start(), start()]
        eventually(begun(account), 40)
        dovecot.drop(*mails(50))
        eventually(lambda: Receipt.objects.count() == 50, 40)
        time.sleep(6)  # the other one tries to get the lock again
        assert proxy.connections == 1
        dovecot.drop(*mails(10, first=50))
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(12) for process in processes] == [0, 0]
        look(account)
    assert stored() == sorted(mails(60))


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("point", ["fetched", "stored", "before_flag"])
def test_killed_anywhere_it_goes_on_and_every_mail_is_there_once(
    dovecot: Dovecot, start: Callable[..., subprocess.Popen[bytes]], point: str, nth: int
) -> None:
    account = make_mailbox(dovecot, after_fetch="move", move_to="Done")
    look(account)
    sent = mails(180)
    dovecot.drop(*sent)
    assert start(f"mailboxes.{point}:{nth}:kill9").wait(90) == -signal.SIGKILL
    assert Receipt.objects.count() == 50 * (nth - (point == "fetched"))
    process = start()
    eventually(lambda: Receipt.objects.count() >= 180, 60)
    eventually(lambda: not dovecot.files(), 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert stored() == sorted(sent)
    assert len(dovecot.files("Done")) == 180


def test_a_server_without_idle_is_asked_every_now_and_then(
    dovecot: Dovecot, account: Account, monkeypatch: pytest.MonkeyPatch, watching: threading.Event
) -> None:
    monkeypatch.setattr(Folder, "has_idle", lambda _folder: False)
    monkeypatch.setattr(reader, "LOOK_SECONDS", 0.5)
    eventually(begun(account))
    time.sleep(2.5)
    dovecot.drop(*mails(3))
    assert eventually(lambda: Receipt.objects.count() == 3) < 5


def test_an_import_asked_for_while_it_runs_is_done(
    dovecot: Dovecot, account: Account, monkeypatch: pytest.MonkeyPatch, watching: threading.Event
) -> None:
    monkeypatch.setattr(reader, "LOOK_SECONDS", 0.5)
    dovecot.drop(*mails(70), age=timedelta(days=9))
    eventually(lambda: FetchState.objects.filter(import_last_uid=70).exists())
    begin_import(account, since=(timezone.now() - timedelta(days=20)).date())
    eventually(lambda: FetchState.objects.exclude(imported_at=None).exists())
    assert Receipt.objects.filter(meta__import=True).count() == 70


def test_a_line_that_ends_after_a_good_while_is_no_failure(
    dovecot: Dovecot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    watching: threading.Event,
) -> None:
    """Google ends each with the token's hour."""
    monkeypatch.setattr(reader, "LOOK_SECONDS", 5.0)
    monkeypatch.setattr(reader, "SOON", 0.1)
    with running_proxy(dovecot.port) as proxy:
        account = make_mailbox(dovecot, imap_port=proxy.port)
        eventually(begun(account))
        time.sleep(7.5)
        proxy.cut_all()
        dovecot.drop(*mails(2))
        eventually(lambda: Receipt.objects.count() == 2)
        assert proxy.connections == 2
    assert not [record for record in caplog.records if record.levelname != "INFO"]


def test_pauses_grow_and_differ_and_are_longer_where_somebody_keeps_being_refused() -> None:
    seconds = [pause(n, is_refused=False).total_seconds() for n in range(1, 40)]
    assert 1.5 <= seconds[0] <= 2.5
    assert max(seconds) <= 375
    assert min(seconds[10:]) >= 225
    assert len(set(seconds)) > 30
    assert pause(1, is_refused=True).total_seconds() >= 45
    assert pause(30, is_refused=True).total_seconds() <= 4500
