from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from channels import mail_files
from channels.models import Receipt
from tests.factories import make_account, raw_mail
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _account() -> None:
    make_account()


def ingest(*args: str) -> tuple[list[dict[str, Any]], int]:
    """The lines, and the exit code."""
    out = io.StringIO()
    code = 0
    try:
        call_command("ingest", *args, stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return [json.loads(line) for line in out.getvalue().splitlines()], code


def write(folder: Path, name: str, mail: bytes) -> str:
    path = folder / name
    path.write_bytes(mail)
    return str(path)


def test_a_mail_becomes_a_ticket_and_its_repetition_a_duplicate(tmp_path: Path) -> None:
    path = write(tmp_path, "a.eml", raw_mail(Message_ID="<one@example.org>"))
    (first, second), code = ingest(path, path)
    ticket = Ticket.objects.get()
    assert code == 0
    assert first["file"] == path
    assert first["outcome"] == "filed"
    assert first["ticket_opened"] is True
    assert first["reference"].replace("-", "") == ticket.reference
    assert first["error"] is None
    assert second["outcome"] == "duplicate"
    assert second["ticket_opened"] is False
    assert second["reference"] == first["reference"]


def test_an_answer_joins_the_ticket(tmp_path: Path) -> None:
    first = write(tmp_path, "1", raw_mail(Message_ID="<one@example.org>"))
    answer = raw_mail(Message_ID="<two@example.org>", In_Reply_To="<one@example.org>")
    (_, second), _ = ingest(first, write(tmp_path, "2", answer))
    assert (second["outcome"], second["ticket_opened"]) == ("filed", False)
    assert Ticket.objects.count() == 1


def test_what_cannot_be_read_does_not_stop_the_rest(tmp_path: Path) -> None:
    good = write(tmp_path, "good", raw_mail())
    lines, code = ingest(str(tmp_path / "missing"), str(tmp_path), good)
    assert [line["outcome"] for line in lines] == ["unreadable", "unreadable", "filed"]
    assert lines[0]["error"] == "No such file or directory"
    assert lines[0]["receipt"] is None
    assert code == 1


def test_a_mail_above_the_limit_is_refused(tmp_path: Path, settings: Any) -> None:
    settings.HARBOUR_MAIL_LIMIT = 1000
    lines, code = ingest(write(tmp_path, "big", raw_mail(text="x" * 1000)))
    assert (lines[0]["outcome"], lines[0]["error"]) == ("unreadable", "larger than 1000 bytes")
    assert code == 1
    assert not Receipt.objects.exists()


def test_a_mail_that_names_nobody_is_suspended(tmp_path: Path) -> None:
    lines, code = ingest(write(tmp_path, "empty", b""))
    assert lines[0]["outcome"] == "suspended"
    assert lines[0]["error"]
    assert code == 0


def test_standard_input_may_be_one_mail_or_an_mbox(monkeypatch: pytest.MonkeyPatch) -> None:
    mails = [raw_mail(Subject=f"Nr {n}", text="Hi\r\n\r\n>From here on") for n in range(3)]
    mbox = b"".join(b"From ann@example.org Mon Mar  2\n" + mail + b"\n" for mail in mails)
    for stream, count in ((mails[0], 1), (mbox, 3)):
        read, write_end = os.pipe()
        os.write(write_end, stream)
        os.close(write_end)
        saved = os.dup(0)
        os.dup2(read, 0)
        try:
            lines, code = ingest("-")
        finally:
            os.dup2(saved, 0)
        assert (len(lines), code) == (count, 0)
    assert set(Ticket.objects.values_list("subject", flat=True)) == {"Nr 0", "Nr 1", "Nr 2"}
    assert b"\nFrom here on" in bytes(Receipt.objects.order_by("pk").last().body)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"To": "sales+x@example.com"}, "sales@example.com"),
        ({"Delivered_To": "SALES@example.com", "To": "list@example.org"}, "sales@example.com"),
        ({"To": "a@example.org,\r\n Sales <sales@example.com>"}, "sales@example.com"),
        ({"To": "stranger@example.org"}, "support@example.com"),
        ({"To": ""}, "support@example.com"),
    ],
)
def test_the_inbox_is_the_one_that_the_mail_names(
    tmp_path: Path, headers: dict[str, str], expected: str
) -> None:
    make_account(address="sales@example.com")
    ingest(write(tmp_path, "mail", raw_mail(**headers)))
    assert Receipt.objects.get().account.address == expected


def test_mail_to_nobody_goes_to_the_inbox_that_was_named(tmp_path: Path) -> None:
    make_account(address="sales@example.com")
    ingest(write(tmp_path, "m", raw_mail(To="x@example.org")), "--inbox", "sales@example.com")
    assert Receipt.objects.get().account.address == "sales@example.com"
    with pytest.raises(CommandError, match="no inbox has the address"):
        ingest(write(tmp_path, "m", raw_mail()), "--inbox", "nobody@example.com")


def test_hostile_headers_are_read_in_no_time() -> None:
    many = b"To: " + b", ".join(b"a%d@example.org" % n for n in range(50_000))
    assert len(mail_files.recipients(many)) == 100
    assert mail_files.recipients(b"To: " + b"@" * 250_000) == []
    assert mail_files.recipients(b"To: " + b"a" * 250_000) == []
