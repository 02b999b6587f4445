"""The composer as plain forms: to whom, when, to others, and back again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone

from channels.models import Account, Delivery
from channels.receipts import accept
from people.models import User
from tests.console.asking import asked_by_ann, fresh, got, place, png, shown
from tests.factories import make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Status, Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agent() -> User:
    return make_agent(name="Mei Lin", role=User.Role.ADMIN)


@pytest.fixture
def desk(client: Client, agent: User) -> Client:
    client.force_login(agent)
    return client


@pytest.fixture
def ticket(sink: Sink) -> Ticket:
    return asked_by_ann(sink)


def test_the_page_says_who_gets_the_answer_and_where_answers_were_asked_for(
    desk: Client, ticket: Ticket
) -> None:
    page = shown(desk.get(place(ticket)))
    assert 'value="Ann &lt;ann@example.org&gt;"' in page
    assert 'value="Carl Berg &lt;carl@example.net&gt;"' in page
    assert "+1" in page
    assert "wants answers at ann@home.example" in page
    assert "ann@example.org" in page
    assert "To where answers were asked for" in page


def test_an_answer_goes_to_those_the_form_names(desk: Client, ticket: Ticket, sink: Sink) -> None:
    lines = {
        "to": "Ann <ann@example.org>; dora@example.net",
        "cc": '"Berg, Carl" <Carl@Example.net>，',
        "bcc": "eva@example.net",
    }
    assert desk.post(place(ticket, "reply"), {"text": "All", **lines}).status_code == 302
    work()
    assert got(sink) == [
        "ann@example.org",
        "carl@example.net",
        "dora@example.net",
        "eva@example.net",
    ]
    page = shown(desk.get(place(ticket)))
    assert "Berg, Carl" in page
    assert "eva@example.net" in page, "agents see blind copies"


@pytest.mark.parametrize("wrong", ["carl", "a@b@c", "Ann <ann>", "x@example.org, nobody"])
def test_what_is_no_address_is_said_and_nothing_is_lost(
    desk: Client, ticket: Ticket, wrong: str
) -> None:
    answer = desk.post(place(ticket, "reply"), {"text": "My words", "to": wrong, "cc": "d@e.org"})
    assert answer.status_code == 422
    page = shown(answer)
    assert "My words" in page
    assert 'value="d@e.org"' in page
    assert "is not an email address" in page
    assert not Message.objects.filter(direction="outbound").exists()


@override_settings(HARBOUR_UNDO_SECONDS=10)
def test_an_answer_can_be_taken_back_and_gone_on_with(
    desk: Client, ticket: Ticket, sink: Sink
) -> None:
    values = {
        "text": "Too soon", "to": "ann@example.org", "cc": "dora@example.net", "after": "solved",
        "files": [SimpleUploadedFile("proof.txt", b"hello")],
    }  # fmt: skip
    answer = desk.post(place(ticket, "reply"), values)
    work()
    assert "sent=" in answer["Location"]
    page = shown(desk.get(answer["Location"]))
    assert 'id="undo"' in page
    message = Message.objects.get(direction="outbound")
    back = desk.post(place(ticket, "withdraw"), {"message": message.pk, "edit": "1"})
    assert back.status_code == 302
    page = shown(desk.get(back["Location"]))
    assert "Too soon</textarea>" in page
    assert 'value="dora@example.net"' in page
    file = message.attachments.get()
    assert f'name="keep" value="{file.public_id}" checked' in page
    assert fresh(ticket).status == Status.NEW
    again = {"text": "Better so", "to": "ann@example.org", "keep": [str(file.public_id)]}
    desk.post(place(ticket, "reply"), again)
    Delivery.objects.filter(status="queued").update(due_at=timezone.now())
    work()
    Delivery.objects.filter(status="queued").update(due_at=timezone.now())
    work()
    assert got(sink) == ["ann@example.org"]
    assert [part.get_filename() for part in sink.mails[0].iter_attachments()] == ["proof.txt"]
    page = shown(desk.get(place(ticket)))
    assert "Reply taken back" in page


def test_there_is_no_undo_for_what_is_gone_or_anothers(desk: Client, ticket: Ticket) -> None:
    with override_settings(HARBOUR_UNDO_SECONDS=10):
        other = reply(ticket, "Not Mei's", actor=make_agent())
        assert 'id="undo"' not in shown(desk.get(f"{place(ticket)}?sent={other.pk}"))
    for odd in ("0", "x", "9" * 40, str(ticket.messages.order_by("pk")[0].pk)):
        assert 'id="undo"' not in shown(
            desk.get(f"{place(ticket)}?sent={odd}&draft={odd}&forward={odd}")
        )
    work()
    answer = desk.post(place(ticket, "withdraw"), {"message": other.pk})
    assert answer.status_code == 422
    assert "too late" in shown(answer)


def test_an_answer_waits_is_shown_waiting_and_goes_or_goes_not(
    desk: Client, ticket: Ticket, sink: Sink
) -> None:
    at = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    later = {"text": "On Monday", "send_at": "custom", "send_on": at, "after": "solved"}
    desk.post(place(ticket, "reply"), later)
    work()
    message = Message.objects.get(direction="outbound")
    page = shown(desk.get(place(ticket)))
    assert sink.mails == []
    assert "Do not send" in page
    assert "The customer has written since" not in page
    accept(Account.objects.get(), raw_mail(Subject=f"[{ticket.number}]", text="Any news?"), {})
    work()
    assert "The customer has written since" in shown(desk.get(place(ticket)))
    desk.post(place(ticket, "send-now"), {"message": message.pk})
    work()
    assert got(sink) == ["ann@example.org"]
    desk.post(place(ticket, "reply"), {"text": "Tomorrow", "send_at": "tomorrow"})
    work()
    waits = Message.objects.get(text="Tomorrow")
    assert waits.send_at is not None
    assert (waits.send_at.hour, waits.send_at.minute) == (9, 0)
    desk.post(place(ticket, "withdraw"), {"message": waits.pk})
    assert desk.post(place(ticket, "send-now"), {"message": waits.pk}).status_code == 422
    assert len(sink.mails) == 1


@pytest.mark.parametrize("on", ["", "yesterday", "2020-01-01T10:00", "2026-99-99T10:00"])
def test_a_time_that_makes_no_sense_is_said(desk: Client, ticket: Ticket, on: str) -> None:
    values = {"text": "My words", "send_at": "custom", "send_on": on}
    answer = desk.post(place(ticket, "reply"), values)
    assert answer.status_code == 422
    assert "My words" in shown(answer)


def test_a_picture_is_seen_in_its_place_by_all_who_may(
    desk: Client, ticket: Ticket, sink: Sink
) -> None:
    values = {
        "text": "Look ![here.png](cid:pabc1) and ![no.png](cid:pabc2)",
        "pictures": [SimpleUploadedFile("here.png", png(), "image/png"),
                     SimpleUploadedFile("no.png", b"<script>alert(1)</script>", "image/png")],
        "picture_ids": ["pabc1", "pabc2"],
    }  # fmt: skip
    assert desk.post(place(ticket, "reply"), values).status_code == 302
    work()
    html = sink.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert html.count("<img") == 1
    page = shown(desk.get(place(ticket)))
    file = Message.objects.get(direction="outbound").attachments.get(is_inline=True)
    assert f'<img src="/console/attachments/{file.public_id}/?show=1" alt="here.png"' in page
    assert "[no.png]" in page
    assert "cid:" not in page


def test_a_copy_that_did_not_arrive_is_named_and_can_be_sent_again(
    desk: Client, ticket: Ticket, sink: Sink
) -> None:
    sink.answers["carl@example.net"] = "550 5.1.1 no such user"
    lines = {"text": "Both", "to": "ann@example.org", "cc": "carl@example.net"}
    desk.post(place(ticket, "reply"), lines)
    work()
    page = shown(desk.get(place(ticket)))
    assert "<b>carl@example.net</b>" in page
    failed = Delivery.objects.get(to="carl@example.net")
    assert f'name="delivery" value="{failed.pk}"' in page
    sink.answers.clear()
    desk.post(place(ticket, "resend"), {"delivery": failed.pk})
    work()
    assert got(sink) == ["ann@example.org", "carl@example.net"]


def test_files_of_what_is_internal_are_not_sent_by_their_id(
    desk: Client, agent: User, ticket: Ticket, sink: Sink
) -> None:
    proof = SimpleUploadedFile("secret.txt", b"internal")
    desk.post(place(ticket, "note"), {"text": "between us", "files": [proof]})
    file = Message.objects.get(direction="note").attachments.get()
    desk.post(place(ticket, "reply"), {"text": "x", "keep": [str(file.public_id)]})
    work()
    assert list(sink.mails[0].iter_attachments()) == []
