"""The pages of suspended and watched mail, and the breakers' banner, by plain requests."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from channels import receipts
from channels.models import Account, AutomaticMail, BlockedSender, Breaker, Delivery, Receipt
from people.models import Team, User
from tests.channels.arriving import taken
from tests.factories import make_account, make_agent, make_ticket, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin() -> User:
    return make_agent(name="Mei Lin", role=User.Role.ADMIN)


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def held() -> Receipt:
    """A mail of a blocked sender, with HTML that would run."""
    BlockedSender.objects.create(value="ann@example.org")
    html = "<p>Hello <b>there</b></p><script>alert(1)</script>"
    return taken(raw_mail(Content_Type="text/html; charset=utf-8", text=html))


def shown(response: HttpResponse) -> str:
    return response.content.decode()


def test_only_administrators_see_it(client: Client, held: Receipt) -> None:
    client.force_login(make_agent())
    paths = ["", f"{held.pk}/", f"{held.pk}/raw/", f"{held.pk}/frame/"]
    for path in paths:
        assert client.get(f"/console/suspended/{path}").status_code == 403
    for path in (f"{held.pk}/release/", "delete/", "unblock/"):
        assert client.post(f"/console/suspended/{path}").status_code == 403
    account = held.account_id
    assert client.get(f"/console/settings/mailboxes/{account}/watched/").status_code == 403
    assert client.post("/console/breakers/1/resume/").status_code == 403
    assert not Ticket.objects.exists()


def test_the_list_shows_causes_and_the_rail_counts(desk: Client, held: Receipt) -> None:
    page = shown(desk.get("/console/suspended/"))
    assert "blocked sender" in page
    assert "ann@example.org" in page
    assert '<span class="n num">1</span>' in page
    assert "Kettle" in shown(desk.get("/console/suspended/?cause=blocked&sender=ann@example.org"))
    assert "Kettle" not in shown(desk.get("/console/suspended/?cause=spam"))
    for odd in ("?cause=nonsense", "?before=x", "?sender=" + "x" * 999, "?before=99999999"):
        assert desk.get(f"/console/suspended/{odd}").status_code == 200


def test_the_preview_is_clean(desk: Client, held: Receipt) -> None:
    page = shown(desk.get(f"/console/suspended/{held.pk}/"))
    assert "Hello there" in page
    assert "alert(1)" not in page
    frame = desk.get(f"/console/suspended/{held.pk}/frame/")
    assert "<b>there</b>" in shown(frame)
    assert "script" not in shown(frame)
    assert "sandbox" in frame["Content-Security-Policy"]
    raw = desk.get(f"/console/suspended/{held.pk}/raw/")
    assert raw["Content-Disposition"].startswith("attachment")
    assert b"<script>" in b"".join(raw.streaming_content)


def test_a_seed_phrase_is_not_shown(desk: Client) -> None:
    BlockedSender.objects.create(value="ann@example.org")
    words = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    receipt = taken(raw_mail(Subject=f"My words: {words}", text=words))
    assert "sausage" not in receipt.subject
    assert "sausage" not in shown(desk.get(f"/console/suspended/{receipt.pk}/"))


def test_released_it_becomes_a_ticket(desk: Client, held: Receipt, sink: Sink) -> None:
    answer = desk.post(f"/console/suspended/{held.pk}/release/", {"query": "cause=blocked&x=y"})
    assert answer["Location"] == "/console/suspended/?cause=blocked"
    work()
    assert Ticket.objects.count() == 1
    assert len(sink.mails) == 1
    again = desk.post(f"/console/suspended/{held.pk}/release/", follow=True)
    assert "Somebody dealt with it already." in shown(again)
    assert desk.get(f"/console/suspended/{held.pk}/").status_code == 404


def test_it_can_be_put_on_a_ticket_that_one_may_see(
    desk: Client, admin: User, held: Receipt
) -> None:
    ticket = make_ticket()
    path = f"/console/suspended/{held.pk}/file/"
    assert "no such ticket" in shown(desk.post(path, {"ticket": "12"}, follow=True))
    elsewhere = make_ticket(subject="Secret")
    Ticket.objects.filter(pk=elsewhere.pk).update(team=Team.objects.create(name="Elsewhere"))
    User.objects.filter(pk=admin.pk).update(sees_all_tickets=False)
    admin.teams.add(Team.objects.get(name="Support"))
    assert "no such ticket" in shown(desk.post(path, {"ticket": elsewhere.number}, follow=True))
    desk.post(path, {"ticket": ticket.number})
    work()
    assert ticket.messages.latest("pk").author == Message.Author.STRANGER


def test_blocking_deleting_and_unblocking(desk: Client, settings: Any) -> None:
    settings.HARBOUR_SPAM_SCORE = 1.0
    first, second = (taken(raw_mail(X_Spam_Flag="YES")) for _ in range(2))
    desk.post(f"/console/suspended/{first.pk}/block/", {"domain": "1"})
    assert BlockedSender.objects.get().value == "@example.org"
    desk.post(f"/console/suspended/{second.pk}/delete/")
    assert {r.status for r in Receipt.objects.all()} == {"discarded"}
    assert "@example.org" in shown(desk.get("/console/suspended/"))
    desk.post("/console/suspended/unblock/", {"value": "@example.org"})
    assert not BlockedSender.objects.exists()
    nobody = taken(b"\r\n\r\nnobody")
    told = desk.post(f"/console/suspended/{nobody.pk}/block/", follow=True)
    assert "names no sender" in shown(told)
    assert desk.post(f"/console/suspended/{nobody.pk}/nonsense/").status_code == 404
    assert desk.post("/console/suspended/delete/").status_code == 404, "never all there is"
    assert "1 mails deleted" in shown(
        desk.post("/console/suspended/delete/", {"cause": "unreadable"}, follow=True)
    )


def test_the_watch_page_says_what_would_happen_and_switches_on(desk: Client, sink: Sink) -> None:
    account = make_account(mode=Account.Mode.WATCH)
    ticket = make_ticket(account.inbox, subject="Old")
    taken(raw_mail(From="Bob <bob@example.org>", Subject="Hi"), account)
    taken(raw_mail(Subject=f"Re: {ticket.number}"), account)
    taken(raw_mail(From="x@example.org", Precedence="bulk"), account)
    path = f"/console/settings/mailboxes/{account.pk}/watched/"
    page = shown(desk.get(path))
    for words in (
        "New ticket",
        f"Goes on {ticket.number}",
        "bob@example.org, English",
        "precedence",
    ):
        assert words in page, words
    desk.post(
        f"/console/settings/mailboxes/{account.pk}/mode/", {"mode": "live", "file_waiting": "on"}
    )
    work()
    assert Receipt.objects.filter(status="watched").count() == 0
    assert sink.mails == []


def test_a_breaker_shows_on_every_page_until_somebody_decides(desk: Client) -> None:
    account = make_account(automatic_per_minute=1)
    for n in range(3):
        receipts.accept(account, raw_mail(From=f"c{n}@example.org"), {})
    while receipts.file_batch():
        pass
    work()
    opened = Breaker.objects.get()
    for path in ("/console/", "/console/mails/", "/console/suspended/"):
        page = shown(desk.get(path))
        assert "more than 1 in a minute" in page
        assert "held" in page
    answer = desk.post(f"/console/breakers/{opened.pk}/discard/", {"next": "/console/mails/"})
    assert answer["Location"] == "/console/mails/"
    assert AutomaticMail.objects.filter(suppressed_by="breaker").count() == 2
    assert "more than 1" not in shown(desk.get("/console/"))
    elsewhere = desk.post(
        f"/console/breakers/{opened.pk}/resume/", {"next": "https://example.net/"}
    )
    assert elsewhere["Location"] == "/console/"
    assert Delivery.objects.filter(status="held").count() == 0


def test_other_agents_see_no_banner(client: Client) -> None:
    Breaker.objects.create(account=make_account(), reason="x")
    client.force_login(make_agent())
    assert "breakers" not in shown(client.get("/console/"))
