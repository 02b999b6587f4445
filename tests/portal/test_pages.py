from __future__ import annotations

import re
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from channels.automatic import status_link
from people.models import Identity
from support.redis import client as redis
from tests.factories import make_account, make_agent, make_inbox, make_ticket
from tests.portal.customer import SCRIPT, form, prove, shown, token
from tests.sink import Sink
from tests.working import work
from tickets import reference
from tickets.models import Category, Message, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.reply import add_note, reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ticket() -> Ticket:
    make_account()
    return make_ticket(subject="Deposit missing", text="Where is my deposit?")


def test_a_request_by_the_form_shows_its_number_and_is_acknowledged(
    client: Client, sink: Sink
) -> None:
    make_account(kind="web", inbox=make_inbox(channel="web"))
    Category.objects.create(slug="deposit", name="Deposit")
    answer = client.post("/", form(category="deposit", name="Ann"), follow=True)
    ticket = Ticket.objects.get()
    assert ticket.number in shown(answer)
    assert ticket.category is not None
    work()
    assert ticket.number in sink.mails[0].get_content()


def test_a_script_in_every_field_is_only_text(client: Client, sink: Sink) -> None:
    make_account(kind="web", inbox=make_inbox(channel="web"))
    bad = client.post(
        "/", form(subject=SCRIPT, text=SCRIPT, name=SCRIPT, email=SCRIPT, category=SCRIPT)
    )
    assert bad.status_code == 422
    assert SCRIPT not in shown(bad)
    good = client.post("/", form(subject=SCRIPT, text=SCRIPT, name=SCRIPT), follow=True)
    assert SCRIPT not in shown(good)
    ticket = Ticket.objects.get()
    prove(client, ticket, sink)
    page = client.get(f"/status/{ticket.reference}/conversation/")
    assert SCRIPT not in shown(page)
    assert "&lt;script&gt;" in shown(page)


def test_ten_files_are_taken_eleven_and_too_large_ones_refused(client: Client) -> None:
    make_inbox(channel="web")
    ten = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(10)]
    assert client.post("/", form(files=ten)).status_code == 302
    assert Message.objects.get().attachments.count() == 10
    eleven = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)]
    assert client.post("/", form(files=eleven)).status_code == 422
    large = SimpleUploadedFile("large.bin", b"x" * (20 * 1024 * 1024 + 1))
    assert client.post("/", form(files=[large])).status_code == 422
    assert Ticket.objects.count() == 1


def test_the_same_form_sent_five_times_at_once_is_one_request() -> None:
    make_inbox(channel="web")
    values, places = form(), []

    def send() -> None:
        places.append(Client().post("/", values).status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places == [302] * 5
    assert Ticket.objects.count() == 1


def test_the_twenty_first_request_of_a_client_is_told_to_wait(client: Client) -> None:
    make_inbox(channel="web")
    answers = [client.post("/", form(email=f"a{n}@example.org")) for n in range(21)]
    assert [answer.status_code for answer in answers[:20]] == [302] * 20
    assert answers[20].status_code == 429
    assert int(answers[20]["Retry-After"]) > 0


def test_the_number_alone_shows_the_plain_state_and_nothing_else(
    client: Client, ticket: Ticket
) -> None:
    typed = reference.display(ticket.reference).replace("-", " ")
    page = shown(client.get("/status/", {"number": typed}, follow=True))
    assert "Received" in page
    for secret in (ticket.subject, "Where is my deposit", "ann@example.org", "Ann"):
        assert secret not in page


def test_full_width_digits_are_understood(client: Client, ticket: Ticket) -> None:
    wide = "".join(chr(ord(digit) - 0x30 + 0xFF10) for digit in ticket.reference)
    assert client.get("/status/", {"number": wide}).status_code == 302


def test_a_typing_error_and_an_unknown_number_are_told_apart(client: Client) -> None:
    known = reference.new()
    typo = known[:-1] + str((int(known[-1]) + 1) % 10)
    assert client.get("/status/", {"number": typo}).status_code == 422
    assert client.get(f"/status/{known}/").status_code == 404


def test_five_wrong_numbers_are_enough(client: Client, ticket: Ticket) -> None:
    wrong = [client.get(f"/status/{reference.new()}/").status_code for _ in range(6)]
    assert wrong == [404] * 5 + [429]
    forged = client.get(f"/status/{reference.new()}/", headers={"X-Forwarded-For": "1.2.3.4"})
    assert forged.status_code == 429


def test_the_code_opens_the_conversation_without_the_notes(
    client: Client, sink: Sink, ticket: Ticket
) -> None:
    add_note(ticket, "canary-note", actor=make_agent())
    reply(ticket, "We look into it", actor=make_agent())
    work()
    prove(client, ticket, sink)
    page = shown(client.get(f"/status/{ticket.reference}/conversation/"))
    assert "Where is my deposit?" in page
    assert "We look into it" in page
    assert "canary-note" not in page
    assert Identity.objects.get().verified_at is not None


def test_right_wrong_and_unknown_get_the_same_bytes(client: Client, ticket: Ticket) -> None:
    def bytes_of(number: str, address: str) -> tuple[int, bytes]:
        redis().flushdb()
        fresh = Client()
        asked = fresh.post(f"/status/{number}/ask/", {"email": address}, follow=True)
        body = asked.content.replace(number.encode(), b"N")
        body = body.replace(reference.display(number).encode(), b"N")
        return asked.status_code, re.sub(rb'value="[\w]{64}"', b"", body)

    right = bytes_of(ticket.reference, "ann@example.org")
    assert right == bytes_of(ticket.reference, "eve@example.net")
    assert right == bytes_of(reference.new(), "ann@example.org")


def test_a_code_is_good_once_and_only_for_the_browser_that_asked(
    client: Client, sink: Sink, ticket: Ticket
) -> None:
    prove(client, ticket, sink)
    code = re.search(r"^\s+(\d{6})\s*$", sink.mails[-1].get_content(), re.M)
    assert code
    other = Client().post(f"/status/{ticket.reference}/code/", {"code": code[1]})
    again = client.post(f"/status/{ticket.reference}/code/", {"code": code[1]})
    assert (other.status_code, again.status_code) == (422, 422)


def test_five_wrong_codes_lock_the_code_but_not_the_owners_link(
    client: Client, ticket: Ticket
) -> None:
    client.post(f"/status/{ticket.reference}/ask/", {"email": "ann@example.org"})
    place = f"/status/{ticket.reference}/code/"
    answers = [client.post(place, {"code": "000000"}).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    link = status_link(ticket).split("localhost:8000")[-1]
    assert client.post(link).status_code == 302


def test_scanners_cannot_burn_the_one_time_link(client: Client, sink: Sink, ticket: Ticket) -> None:
    client.post(f"/status/{ticket.reference}/ask/", {"email": "ann@example.org"})
    work()
    link = re.search(r"http://\S+(/status/open/\S+)", sink.mails[-1].get_content())
    assert link
    assert {Client().get(link[1]).status_code for _ in range(20)} == {200}
    assert client.post(link[1]).status_code == 302
    assert client.get(f"/status/{ticket.reference}/conversation/").status_code == 200
    assert Client().post(link[1]).status_code == 410


def test_the_customer_adds_solves_and_reopens(client: Client, sink: Sink, ticket: Ticket) -> None:
    prove(client, ticket, sink)
    place = f"/status/{ticket.reference}/conversation/"
    proof = SimpleUploadedFile("proof.png", b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    values = {"text": "More facts", "token": token(), "files": [proof]}
    assert client.post(place, values).status_code == 302
    assert ticket.messages.count() == 2
    client.post(f"/status/{ticket.reference}/state/", {"state": "solved"})
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED
    client.post(f"/status/{ticket.reference}/state/", {"state": "open"})
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN


def test_a_file_is_served_as_a_download_to_its_owner_only(
    client: Client, sink: Sink, ticket: Ticket
) -> None:
    prove(client, ticket, sink)
    page = SimpleUploadedFile("evil.html", b"<script>1</script>")
    client.post(
        f"/status/{ticket.reference}/conversation/",
        {"text": "see file", "token": token(), "files": [page]},
    )
    attachment = ticket.messages.order_by("pk").last().attachments.get()  # type: ignore[union-attr]
    place = f"/status/{ticket.reference}/files/{attachment.public_id}/"
    got = client.get(place)
    assert got["Content-Disposition"].startswith("attachment")
    assert "sandbox" in got["Content-Security-Policy"]
    assert Client().get(place).status_code == 404
    other = make_ticket(ticket.inbox)
    assert client.get(f"/status/{other.reference}/files/{attachment.public_id}/").status_code == 404


def test_an_agents_private_files_and_other_tickets_stay_closed(
    client: Client, sink: Sink, ticket: Ticket
) -> None:
    prove(client, ticket, sink)
    other = make_ticket(ticket.inbox)
    closed = client.get(f"/status/{other.reference}/conversation/")
    assert closed.status_code == 302


def test_a_late_addition_becomes_a_linked_new_request(
    client: Client, sink: Sink, ticket: Ticket
) -> None:
    prove(client, ticket, sink)
    lifecycle.set_status(ticket, Status.CLOSED, actor=None)
    values = {"text": "Again!", "token": token()}
    client.post(f"/status/{ticket.reference}/conversation/", values)
    newest = Ticket.objects.order_by("pk").last()
    assert newest is not None
    assert newest.continues == ticket
    assert client.get(f"/status/{newest.reference}/conversation/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/status/", "/nothing-here/"])
def test_pages_speak_chinese(client: Client, path: str) -> None:
    page = client.get(path, headers={"Accept-Language": "zh-CN"})
    assert 'lang="zh-Hans"' in shown(page)
