"""What keeps the customers' doors: equal answers, secrets of the address, faults, budgets."""

from __future__ import annotations

import gzip
import re
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory

from channels.automatic import status_link
from portal import access, pages
from portal.models import AccessRequest
from support.redis import client as redis
from tests.counting import calls_in
from tests.factories import make_account, make_agent, make_inbox, make_ticket
from tests.portal.customer import form, prove, shown, token
from tests.sink import Sink
from tickets import files, reference
from tickets.models import Attachment, Message, Ticket
from tickets.operations.reply import add_note

pytestmark = pytest.mark.django_db(transaction=True)
STATIC = Path(pages.__file__).parent / "static" / "portal"
SEED = "abandon " * 11 + "about"


@pytest.fixture
def ticket() -> Ticket:
    make_account()
    return make_ticket(subject="Deposit missing", text="Where is my deposit?")


def test_right_wrong_and_unknown_are_the_same_work(ticket: Ticket) -> None:
    """The same statements in the same order and the same calls: so, the same time."""
    kinds = {
        "right": (ticket.reference, "ann@example.org"),
        "wrong": (ticket.reference, "eve@example.net"),
        "unknown": (reference.new(), "ann@example.org"),
    }
    client = Client()
    for kind in kinds.values():
        work_of_asking(client, *kind)  # caches are filled first
    work = {name: work_of_asking(client, *kind) for name, kind in kinds.items()}
    assert work["right"][0]
    assert work["right"] == work["wrong"] == work["unknown"]


def work_of_asking(client: Client, number: str, address: str) -> tuple[list[str], Counter[str]]:
    """The statements that a request for a code sends, without their values; and all its calls."""
    redis().flushdb()
    statements: list[str] = []

    def note(execute: Callable[..., object], sql: str, *rest: object) -> object:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        calls = calls_in(lambda: client.post(f"/status/{number}/ask/", {"email": address}))
    return statements, calls


def test_only_the_browser_that_sent_it_sees_the_confirmation() -> None:
    make_inbox(channel="web")
    client = Client()
    place = client.post("/", form())["Location"]
    again = [client.get(place) for _ in range(2)]
    assert [page.status_code for page in again] == [200, 200]
    assert again[0]["Referrer-Policy"] == "no-referrer"
    assert "no-store" in again[0]["Cache-Control"]
    assert Client().get(place)["Location"].startswith("/status/")
    other = make_ticket()
    assert client.get(f"/received/{other.reference}/").status_code == 302


def test_a_machine_that_fills_the_trap_is_stopped() -> None:
    make_inbox(channel="web")
    trapped = Client().post("/", form(website="https://example.com"))
    assert trapped.status_code == 422
    assert "It is missing." in shown(trapped)
    assert Client().post("/", form(token="made up")).status_code == 422
    assert not Ticket.objects.exists()


def test_changed_words_from_a_page_gone_back_to_are_not_lost() -> None:
    make_inbox(channel="web")
    values = form()
    for text in ("First", "First", "Second"):
        Client().post("/", {**values, "text": text})
    assert sorted(Message.objects.values_list("text", flat=True)) == ["First", "Second"]


def test_a_seed_phrase_is_taken_out_before_anything_is_stored() -> None:
    make_inbox(channel="web")
    page = Client().post("/", form(text=f"My words: {SEED}", subject=SEED), follow=True)
    assert "seed phrase" in shown(page)
    ticket = Ticket.objects.get()
    assert "abandon" not in ticket.subject + ticket.preview + ticket.messages.get().text


def test_what_was_typed_is_kept_while_the_database_is_away() -> None:
    make_inbox(channel="web")
    with patch("portal.requests.receive_message", side_effect=OperationalError):
        page = Client().post("/", form(text="A long & <b>sad</b> story"))
    assert page.status_code == 503
    assert page["Retry-After"]
    assert "A long &amp; &lt;b&gt;sad&lt;/b&gt; story" in shown(page)
    assert 'value="ann@example.org"' in shown(page)
    with patch("portal.status.plain_status", side_effect=OperationalError):
        assert Client().get(f"/status/{reference.new()}/").status_code == 503


def test_what_was_typed_is_kept_while_the_storage_is_away() -> None:
    make_inbox(channel="web")
    upload = SimpleUploadedFile("a.txt", b"x")
    with patch.object(files, "keep", side_effect=OSError):
        page = Client().post("/", form(files=[upload]))
    assert page.status_code == 503
    assert "choose your files again" in shown(page)
    assert not Ticket.objects.exists()


def test_without_an_inbox_the_form_says_so_in_words() -> None:
    assert Client().post("/", form()).status_code == 503


def test_a_notes_file_is_never_served(sink: Sink, ticket: Ticket) -> None:
    client = Client()
    prove(client, ticket, sink)
    note = add_note(ticket, "x", actor=make_agent(), files=[files.store("canary.txt", b"canary")])
    attachment = Attachment.objects.get(message=note)
    place = f"/status/{ticket.reference}/files/{attachment.public_id}/"
    assert client.get(place).status_code == 404
    assert "canary" not in shown(client.get(f"/status/{ticket.reference}/conversation/"))


def test_tries_at_once_are_counted_as_tries(ticket: Ticket) -> None:
    wish = access.ask(ticket.reference, "ann@example.org", "en")
    access.answer(wish)

    def guess() -> None:
        access.redeem_code(wish, "000000")
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AccessRequest.objects.get().tries == access.CODE_TRIES


def test_a_form_from_a_quiet_page_needs_our_token_but_no_origin(ticket: Ticket) -> None:
    link = status_link(ticket).split("localhost:8000")[-1]
    client = Client(enforce_csrf_checks=True)
    page = client.get(link)
    assert page["Referrer-Policy"] == "no-referrer"
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown(page))
    assert found
    ours = {"csrfmiddlewaretoken": found[1]}
    null = {"Origin": "null"}
    assert client.post(link, headers=null).status_code == 403
    assert client.post(link, ours, headers={"Origin": "https://example.net"}).status_code == 403
    assert client.post(link, ours, headers=null).status_code == 302
    assert client.post("/", {**form(), **ours}, headers=null).status_code == 403


def test_a_link_changes_nothing_until_its_button_is_pressed(ticket: Ticket) -> None:
    link = status_link(ticket).split("localhost:8000")[-1]
    before = AccessRequest.objects.count(), ticket.requester.identities.get().verified_at
    assert {Client().get(link).status_code for _ in range(100)} == {200}
    assert {Client().head(link).status_code for _ in range(10)} == {200}
    assert before == (0, ticket.requester.identities.get().verified_at)
    assert Client().post(link[:-3] + "xx/").status_code == 410


@pytest.mark.parametrize("path", ["/", "/status/", "/nothing/", "/status/{number}/"])
def test_a_page_weighs_less_than_40_kilobytes(ticket: Ticket, path: str) -> None:
    page = Client().get(path.format(number=ticket.reference), headers={"Accept-Language": "zh"})
    parts = [page.content, *(file.read_bytes() for file in STATIC.iterdir())]
    assert sum(len(gzip.compress(part)) for part in parts) < 40_000
    assert b"http://" not in page.content.replace(b"http://www.w3.org", b"")
    assert b"https://" not in page.content


def test_the_styles_stay_within_what_old_browsers_read() -> None:
    css = (STATIC / "portal.css").read_text()
    for modern in ("light-dark(", "@layer {", "@layer ", "color-mix(", ":has(", "&:", "inset:"):
        assert modern not in css.split("*/", 1)[1]
    scripts = "".join(file.read_text() for file in STATIC.glob("*.js"))
    assert not re.search(r"\?\.[a-z]|\?\?|#[a-z]+\s*[=(]|\bawait\b", scripts)


def test_the_last_page_needs_nothing_and_names_the_request() -> None:
    request: HttpRequest = RequestFactory().get("/")
    request.META["HARBOUR_REQUEST_ID"] = "abc-123"
    page = pages.server_error(request)
    assert page.status_code == 500
    assert b"abc-123" in page.content


def test_robots_are_kept_from_what_is_private() -> None:
    page = shown(Client().get("/robots.txt"))
    assert "Disallow: /status/" in page
    assert Client().get("/favicon.ico").status_code == 301


def test_bad_input_is_answered_in_words(ticket: Ticket) -> None:
    client = Client()
    answers = [
        client.get("/status/", {"number": "x" * 5000}),
        client.get("/status/", {"number": "\x00"}),
        client.get("/status/%00%ff/"),
        client.post(f"/status/{ticket.reference}/ask/", {"email": "a\x00@example.org"}),
        client.post(f"/status/{ticket.reference}/code/", {"code": "\x00" * 10}),
        client.post("/", form(subject="\x00", text="\x00", category="'; --")),
        client.post("/", form(token=token() + "x", text="x" * 30_000)),
        client.get(f"/status/{ticket.reference}/files/00000000-0000-0000-0000-000000000000/"),
        client.post("/language/", {"language": "\x00", "next": "//example.com"}),
    ]
    assert all(answer.status_code < 500 for answer in answers)
    assert "example.com" not in answers[-1]["Location"]
