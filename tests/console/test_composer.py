"""The composer in a real browser: keys, whom it names, pictures, and taking back."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect

from channels.models import Delivery
from channels.receipts import accept
from people.models import User
from tests.console.asking import png
from tests.console.conftest import signed_in
from tests.console.test_browser import LOOKS, faults, live, place
from tests.factories import make_account, raw_mail
from tests.sink import Sink, running_sink
from tests.working import work
from tickets.models import Message, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASTE = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, { type: "image/png" }));
  const text = document.querySelector("#text");
  text.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def sink(transactional_db: None) -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


@pytest.fixture
def asked(sink: Sink) -> Ticket:
    mail = raw_mail(Cc="Carl Berg <carl@example.net>", Reply_To="ann@home.example")
    accept(make_account(), mail, {})
    work()
    sink.mails.clear()
    return Ticket.objects.get()


@pytest.fixture
def desk(page: Page, desk_url: str, asked: Ticket) -> Page:
    page.goto(desk_url + place(asked))
    live(page)
    return page


def test_the_line_says_who_gets_it_and_opens_by_a_key(desk: Page) -> None:
    line = desk.locator("#whom summary")
    expect(line).to_contain_text("Ann +1")
    desk.keyboard.press("c")
    expect(desk.locator("#f-cc")).to_be_focused()
    desk.get_by_role("button", name="Only Ann").click()
    expect(desk.locator("#f-cc")).to_have_value("")
    expect(line).not_to_contain_text("+")
    desk.get_by_role("button", name="Everybody").click()
    expect(line).to_contain_text("+1")
    desk.get_by_role("button", name="To where answers were asked for").click()
    expect(line).to_contain_text("ann@home.example +1")


def test_a_reply_is_taken_back_by_a_key_and_its_words_are_there_again(
    desk: Page, sink: Sink, asked: Ticket
) -> None:
    with override_settings(HARBOUR_UNDO_SECONDS=30):
        desk.keyboard.press("c")
        desk.fill("#f-cc", "dora@example.net")
        desk.fill("#text", "Too soon")
        desk.keyboard.press("Control+Enter")
        expect(desk.locator("#undo")).to_contain_text("Reply sent.")
        expect(desk.locator("#head")).to_contain_text("Pending")
        work()
        desk.keyboard.press("z")
        expect(desk.locator("#text")).to_have_value("Too soon")
        expect(desk.locator("#f-cc")).to_have_value("dora@example.net")
        expect(desk.locator("#head")).to_contain_text("New")
        expect(desk.locator(".taken")).to_contain_text("Reply taken back")
    work()
    assert sink.mails == []
    assert set(
        Delivery.objects.filter(message__agent__isnull=False).values_list("status", flat=True)
    ) == {"withdrawn"}
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".msg.outbound")).to_contain_text("Too soon")
    assert Message.objects.filter(withdrawn_at=None, direction="outbound").count() == 1


def test_the_offer_to_take_it_back_ends(desk: Page) -> None:
    with override_settings(HARBOUR_UNDO_SECONDS=2):
        desk.fill("#text", "Gone")
        desk.keyboard.press("Control+Enter")
        expect(desk.locator("#undo")).to_be_visible()
        expect(desk.locator("#undo")).to_have_count(0, timeout=6000)


def test_enter_in_the_line_of_recipients_sends_and_does_not_note(desk: Page) -> None:
    desk.fill("#text", "To all")
    desk.keyboard.press("Escape")
    desk.keyboard.press("c")
    desk.keyboard.press("Enter")
    expect(desk.locator(".msg.outbound")).to_contain_text("To all")


def test_a_pasted_picture_stands_in_its_place(desk: Page, sink: Sink) -> None:
    desk.fill("#text", "Here: ")
    desk.evaluate(PASTE, ["shot.png", base64.b64encode(png()).decode()])
    expect(desk.locator("#text")).to_have_value(re.compile(r"Here: !\[shot.png\]\(cid:p\w+\)"))
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".msg.outbound .text img")).to_have_attribute("alt", "shot.png")
    work()
    assert "multipart/related" in {part.get_content_type() for part in sink.mails[0].walk()}


def test_a_message_is_forwarded_by_a_key_and_answered_in_its_own_box(
    desk: Page, sink: Sink
) -> None:
    desk.keyboard.press("f")
    expect(desk.locator("#f-third")).to_be_focused()
    expect(desk.locator("#composer")).to_have_attribute("data-mode", "forward")
    expect(desk.locator("#whom")).to_be_hidden()
    desk.keyboard.type("sales@supplier.example")
    desk.fill("#text", "Do you know?")
    desk.keyboard.press("Control+Enter")
    aside = desk.locator("details.aside")
    expect(aside).to_have_attribute("open", "")
    expect(aside).to_contain_text("Do you know?")
    aside.locator("textarea").fill("One more thing")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("details.aside .msg")).to_have_count(2)
    work()
    assert len(sink.mails) == 2


def test_what_is_half_written_aside_outlives_an_answer(
    desk: Page, sink: Sink, asked: Ticket
) -> None:
    desk.keyboard.press("f")
    desk.keyboard.type("sales@supplier.example")
    desk.fill("#text", "Do you know?")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("details.aside")).to_be_visible()
    live(desk)
    work()
    desk.locator("details.aside textarea").fill("half a")
    back = raw_mail(From="sales@supplier.example", To=str(sink.mails[0]["Reply-To"]), text="Yes")
    accept(asked.inbox.accounts.get(), back, {})
    work()
    expect(desk.locator("details.aside .msg")).to_have_count(2)
    expect(desk.locator("details.aside textarea")).to_have_value("half a")
    expect(desk.locator("details.aside textarea")).to_be_focused()


def test_a_reply_for_later_is_chosen_from_a_menu_and_shown_waiting(desk: Page) -> None:
    desk.fill("#text", "Tomorrow then")
    desk.locator(".later summary").click()
    desk.get_by_role("button", name="Tomorrow").click()
    expect(desk.locator(".msg.waits")).to_contain_text("Tomorrow then")
    desk.get_by_role("button", name="Edit", exact=True).click()
    expect(desk.locator("#text")).to_have_value("Tomorrow then")


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_of_it_bars_anybody(
    browser: Browser, desk_url: str, mei: User, asked: Ticket, sink: Sink, look: str
) -> None:
    page = browser.new_context(**LOOKS[look]).new_page()
    signed_in(page, desk_url)
    page.goto(desk_url + place(asked))
    page.fill("#text", "For later")
    page.locator(".later summary").click()
    page.locator(".later [value=tomorrow]").click()
    page.wait_for_selector(".msg.waits")
    page.keyboard.press("f")
    found = faults(page)
    page.fill("#f-third", "sales@supplier.example")
    page.fill("#text", "Do you know?")
    page.locator("#composer [data-send]").last.click()
    page.wait_for_selector("details.aside")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found += faults(page)
    with override_settings(HARBOUR_UNDO_SECONDS=30):
        page.locator(".later summary").click()
        page.fill("#text", "Now")
        page.locator("#composer [data-send]").last.click()
        page.wait_for_selector("#undo")
        found += faults(page)
        page.locator("#undo button").click()
        page.wait_for_selector(".taken")
        found += faults(page)
    page.goto(f"{desk_url}/console/me/")
    found += faults(page)
    assert found == []
