from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from channels.models import AutomaticMail, Receipt, Template
from channels.reading import MAX_ATTEMPTS
from channels.receipts import accept
from people.models import Team, User
from tests.factories import (
    make_account,
    make_agent,
    make_inbox,
    make_message,
    make_ticket,
    raw_mail,
)
from tests.sink import Sink
from tests.working import work
from tickets.models import Status, Ticket
from tickets.operations.reply import add_note

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agent() -> User:
    return make_agent(name="Mei Lin", role=User.Role.ADMIN)


@pytest.fixture
def desk(client: Client, agent: User) -> Client:
    client.force_login(agent)
    return client


@pytest.fixture
def ticket() -> Ticket:
    make_account()
    return make_ticket(subject="Deposit missing", text="Where is it?")


def shown(response: HttpResponse) -> str:
    return response.content.decode()


def place(ticket: Ticket, action: str = "") -> str:
    return f"/console/tickets/{ticket.reference}/{action + '/' if action else ''}"


def test_nobody_gets_in_unsigned(client: Client, ticket: Ticket) -> None:
    make_agent()
    for path in ("/console/", place(ticket), "/console/quarantine/", "/console/mails/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/accounts/login/" in answer["Location"]


def test_the_queue_shows_its_views(desk: Client, ticket: Ticket) -> None:
    for slug in ("open", "unassigned"):
        assert "Deposit missing" in shown(desk.get(f"/console/views/{slug}/"))
    for slug in ("mine", "solved"):
        assert "Deposit missing" not in shown(desk.get(f"/console/views/{slug}/"))


def test_an_agent_of_another_team_finds_nothing(client: Client, ticket: Ticket) -> None:
    outsider = make_agent(sees_all_tickets=False)
    outsider.teams.add(Team.objects.create(name="Elsewhere"))
    client.force_login(outsider)
    assert "Deposit missing" not in shown(client.get("/console/"))
    assert client.get(place(ticket)).status_code == 404
    assert client.post(place(ticket, "reply"), {"text": "x"}).status_code == 404
    assert client.get(f"/console/rows/{ticket.pk}/").status_code == 204
    for path in ("/console/quarantine/", "/console/settings/inboxes/"):
        assert client.get(path).status_code == 403


def test_pages_of_the_queue_hold_each_ticket_once(desk: Client) -> None:
    make_account()
    for n in range(120):
        make_ticket(subject=f"Number {n:03}")
    seen: list[str] = []
    path = "/console/views/open/"
    while path:
        answer = desk.get(path)
        seen += [row.subject for row in answer.context["rows"]]
        make_ticket(subject="newcomer")
        more = answer.context["more"]
        path = f"/console/views/open/?before={more.replace('+', '%2B')}" if more else ""
    assert sorted(seen) == [f"Number {n:03}" for n in range(120)]


def test_a_reply_goes_out_and_takes_the_ticket(
    desk: Client, agent: User, ticket: Ticket, sink: Sink
) -> None:
    proof = SimpleUploadedFile("proof.txt", b"hello")
    values = {"text": "On its way", "seen": ticket.last_event_id, "files": [proof]}
    assert desk.post(place(ticket, "reply"), values).status_code == 302
    work()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == (Status.PENDING, agent)
    answer = sink.mails[-1]
    assert "On its way" in answer.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert [part.get_filename() for part in answer.iter_attachments()] == ["proof.txt"]
    assert "sent" in shown(desk.get(place(ticket)))


def test_a_stale_reply_keeps_the_text_and_asks_again(desk: Client, ticket: Ticket) -> None:
    seen = ticket.last_event_id
    make_message(ticket.inbox, ticket_id=ticket.pk, text="Wait, I found it")
    answer = desk.post(place(ticket, "reply"), {"text": "My long answer", "seen": seen})
    assert answer.status_code == 409
    assert "My long answer" in shown(answer)
    assert "Wait, I found it" in shown(answer)
    assert ticket.messages.count() == 2


def test_every_action_changes_what_it_says(desk: Client, agent: User, ticket: Ticket) -> None:
    team = Team.objects.create(name="Wallets")
    other = make_ticket(ticket.inbox)
    for action, values in [
        ("note", {"text": "hidden"}),
        ("take", {}),
        ("priority", {"priority": "urgent"}),
        ("tags", {"tags": "vip, 充值"}),
        ("team", {"team": team.pk}),
        ("follow-up", {"when": "1d", "why": "call"}),
        ("status", {"status": "on_hold"}),
    ]:
        assert desk.post(place(ticket, action), values).status_code == 302, action
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.priority, ticket.team) == (agent, "urgent", team)
    assert ticket.status == Status.ON_HOLD
    assert ticket.follow_up_at is not None
    assert ticket.follow_up_at > timezone.now() + timedelta(hours=23)
    page = shown(desk.get(place(ticket)))
    assert "hidden" in page
    assert "Follow-up on" in page
    desk.post(place(ticket, "merge"), {"into": other.number})
    assert Ticket.objects.by_reference(ticket.reference) == other


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("reply", {"text": " "}),
        ("status", {"status": "nonsense"}),
        ("priority", {"priority": ""}),
        ("assign", {"agent": "abc"}),
        ("follow-up", {"when": "yesterday"}),
        ("merge", {"into": "12"}),
        ("resend", {"delivery": "x"}),
    ],
)
def test_nonsense_is_told_and_never_a_500(
    desk: Client, ticket: Ticket, action: str, values: dict[str, str]
) -> None:
    assert desk.post(place(ticket, action), values, follow=True).status_code in (200, 404, 422)


def test_search_by_number_leads_to_the_ticket(desk: Client, ticket: Ticket) -> None:
    answer = desk.get("/console/views/open/", {"q": ticket.number})
    assert answer["Location"] == place(ticket)
    assert "Deposit missing" in shown(desk.get("/console/views/open/", {"q": "ann@example.org"}))
    assert "Deposit missing" in shown(desk.get("/console/views/open/", {"q": "deposit"}))


def test_scripts_in_mails_are_text_and_the_frame_is_sealed(desk: Client, sink: Sink) -> None:
    account = make_account()
    body = "<p>hi<script>alert(1)</script><img src=https://x.example/t.gif></p>"
    accept(account, raw_mail(Subject="<script>x</script>", Content_Type="text/html", text=body), {})
    work()
    ticket = Ticket.objects.get()
    assert "<script>x" not in shown(desk.get(place(ticket)))
    message = ticket.messages.get()
    frame = desk.get(f"/console/messages/{message.pk}/frame/")
    assert "alert(1)" not in shown(frame)
    assert "x.example" not in shown(frame)
    assert frame["Content-Security-Policy"].startswith("sandbox")
    original = desk.get(f"/console/messages/{message.pk}/original/")
    assert b"x.example" in b"".join(original.streaming_content)


def test_attachments_are_for_those_who_may_see_the_ticket(
    desk: Client, client: Client, ticket: Ticket
) -> None:
    desk.post(
        place(ticket, "note"), {"text": "x", "files": [SimpleUploadedFile("a.svg", b"<svg/>")]}
    )
    note = ticket.messages.get(direction="note")
    path = f"/console/attachments/{note.attachments.get().public_id}/"
    got = desk.get(path)
    assert got["Content-Disposition"].startswith("attachment")
    outsider = make_agent(sees_all_tickets=False)
    client.force_login(outsider)
    assert client.get(path).status_code == 404


def test_the_quarantine_can_be_seen_replayed_and_put_away(desk: Client, sink: Sink) -> None:
    account = make_account()
    accept(account, b"\r\n\r\nnobody", {})
    dies_of = Receipt.objects.filter(status=Receipt.Status.WAITING)
    dies_of.update(attempts=MAX_ATTEMPTS)
    work()
    [poison] = Receipt.objects.quarantined()
    assert f"r{poison.pk}" in shown(desk.get("/console/quarantine/"))
    assert b"nobody" in b"".join(
        desk.get(f"/console/quarantine/r{poison.pk}/raw/").streaming_content
    )
    desk.post(f"/console/quarantine/r{poison.pk}/replay/")
    poison.refresh_from_db()
    assert poison.status == Receipt.Status.WAITING
    dies_of.update(attempts=MAX_ATTEMPTS)
    work()
    desk.post(f"/console/quarantine/r{poison.pk}/discard/")
    poison.refresh_from_db()
    assert poison.status == Receipt.Status.DISCARDED
    assert desk.post("/console/quarantine/r999999/replay/").status_code in (302, 404)


def test_a_template_is_edited_checked_and_used(desk: Client, sink: Sink) -> None:
    path = "/console/settings/templates/acknowledgement/en/"
    assert "{{ reference }}" in shown(desk.get(path))
    wrong = desk.post(path, {"subject": "x", "body": "{{ password }}"})
    assert wrong.status_code == 422
    desk.post(path, {"subject": "Got {{ reference }}", "body": "Hi. {{ status_link }}"})
    assert Template.objects.count() == 1
    accept(make_account(), raw_mail(text="My deposit is missing since yesterday."), {})
    work()
    assert str(sink.mails[0]["Subject"]).startswith("Got ")
    desk.post(path, {"default": "1"})
    assert not Template.objects.exists()


def test_the_log_says_why_a_customer_got_no_mail(desk: Client, sink: Sink) -> None:
    accept(make_account(), raw_mail(Auto_Submitted="auto-replied"), {})
    work()
    assert AutomaticMail.objects.get().suppressed_by in shown(desk.get("/console/mails/"))


def test_the_first_run_makes_an_administrator_once(client: Client, settings: object) -> None:
    from console.setup import setup_token

    assert client.get("/console/")["Location"] == "/console/setup/"
    values = {
        "token": "wrong",
        "name": "Ann",
        "email": "ann@example.com",
        "password": "correct-horse-7",
        "again": "correct-horse-7",
        "mailbox": "help@example.com",
    }
    assert client.post("/console/setup/", values).status_code == 422
    done = client.post("/console/setup/", values | {"token": setup_token()})
    assert done.status_code == 302
    assert User.objects.get().role == User.Role.ADMIN
    assert client.get("/console/").status_code == 200
    assert Client().get("/console/setup/").status_code == 302


def test_notes_are_live_for_colleagues(desk: Client, ticket: Ticket) -> None:
    add_note(ticket, "look here", actor=make_agent())
    assert "look here" in shown(desk.get(place(ticket, "live")))
    assert desk.post(place(ticket, "here")).json() == {"viewing": []}


@pytest.mark.parametrize(("language", "name"), [("en", "Web form"), ("zh-hans", "网页表单")])
def test_an_inbox_tells_its_channel_in_words(desk: Client, language: str, name: str) -> None:
    make_account(kind="web", inbox=make_inbox(channel="web", name="Ask us"))
    page = shown(desk.get("/console/settings/inboxes/", headers={"Accept-Language": language}))
    assert f"<td><b>Ask us</b></td><td>{name}</td>" in page


@pytest.mark.parametrize(
    "path", ["/console/", "/console/settings/inboxes/", "/console/follow-ups/"]
)
def test_the_console_speaks_chinese(desk: Client, path: str) -> None:
    assert 'lang="zh-Hans"' in shown(desk.get(path, headers={"Accept-Language": "zh-CN"}))
