"""The console in a real browser: keys, an input method, live updates, reachable for everybody."""

from __future__ import annotations

import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from channels.models import Account, Breaker, Receipt
from channels.reading import MAX_ATTEMPTS
from channels.receipts import accept
from people.models import User
from tests.channels.arriving import taken
from tests.console.conftest import signed_in
from tests.factories import make_account, make_message, make_ticket, raw_mail
from tests.working import work
from tickets.models import Status, Ticket
from tickets.operations.reply import add_note

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "locale": "en-GB"},
    "dark": {"color_scheme": "dark", "locale": "en-GB"},
    "chinese": {"color_scheme": "light", "locale": "zh-CN"},
    "phone": {
        "color_scheme": "dark",
        "locale": "zh-CN",
        "viewport": {"width": 390, "height": 844},
    },
}
PAGES = (
    "",
    "settings/inboxes/",
    "settings/templates/",
    "settings/templates/nudge/en/",
    "mails/",
    "follow-ups/",
    "quarantine/",
    "suspended/",
)


def place(ticket: Ticket) -> str:
    return f"/console/tickets/{ticket.reference}/?view=open"


def live(page: Page) -> None:
    """Wait until the stream is open."""
    page.wait_for_selector("html[data-live=on]", state="attached")


def faults(page: Page) -> list[str]:
    """What axe holds against this page, and whether it must be scrolled sideways."""
    found = Axe().run(page, options=WCAG).response["violations"]
    told = [f"{page.url} {fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found]
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return [*told, f"{page.url} is too wide"] if page.evaluate(wide) else told


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_bars_anybody(
    browser: Browser, desk_url: str, mei: User, ticket: Ticket, look: str
) -> None:
    add_note(ticket, "look here", actor=mei)
    accept(make_account(address="other@example.com"), b"\r\n\r\nnobody", {})
    Receipt.objects.filter(status=Receipt.Status.WAITING).update(attempts=MAX_ATTEMPTS)
    work()
    poison = Receipt.objects.quarantined().get()
    held = taken(
        raw_mail(From="support@example.com", Content_Type="text/html"), ticket.inbox.accounts.get()
    )
    watching = make_account(address="new@example.com", mode=Account.Mode.WATCH)
    taken(raw_mail(), watching)
    Breaker.objects.create(account=watching, reason="more than 120 in a minute")
    more = (f"suspended/{held.pk}/", f"settings/mailboxes/{watching.pk}/watched/")
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{desk_url}/accounts/login/")
    found = faults(page)
    signed_in(page, desk_url)
    for path in (*PAGES, f"quarantine/r{poison.pk}/", *more):
        page.goto(f"{desk_url}/console/{path}")
        found += faults(page)
    page.goto(desk_url + place(ticket))
    live(page)
    found += faults(page)
    page.keyboard.press("n")
    found += faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += faults(page)
    assert found == []
    assert errors == []


def test_keys_move_open_answer_and_solve(page: Page, mei: User, ticket: Ticket) -> None:
    other = make_ticket(ticket.inbox, subject="Second")
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#rows li.chosen")).to_contain_text("Deposit missing")
    page.keyboard.press("k")
    expect(page.locator("#rows li.chosen")).to_contain_text("Second")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{other.reference}/**")
    page.keyboard.press("n")
    expect(page.locator("#composer")).to_have_attribute("data-mode", "note")
    page.keyboard.type("only for us")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article.note")).to_contain_text("only for us")
    page.keyboard.press("i")
    expect(page.locator("#f-assign")).to_have_value(str(mei.pk))
    page.keyboard.press("r")
    page.keyboard.type("jklnae")
    expect(page.locator("#text")).to_have_value("jklnae")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#head .pill").first).to_have_text("Solved")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/views/solved/")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_keys_can_be_switched_off(page: Page, ticket: Ticket) -> None:
    page.keyboard.press("?")
    page.check("#keys-off")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#rows li.chosen")).to_have_count(0)


def test_an_input_method_keeps_its_keys(page: Page, desk_url: str, ticket: Ticket) -> None:
    page.goto(desk_url + place(ticket))
    page.evaluate(
        """() => {
          const press = (init) => document.body.dispatchEvent(
            new KeyboardEvent("keydown", {bubbles: true, ...init}));
          press({key: "n", isComposing: true});
          press({key: "e", keyCode: 229});
          const text = document.querySelector("#text");
          text.value = "你好";
          text.dispatchEvent(new KeyboardEvent("keydown",
            {bubbles: true, key: "Enter", ctrlKey: true, isComposing: true}));
        }"""
    )
    expect(page.locator("#composer")).to_have_attribute("data-mode", "reply")
    expect(page.locator("#text")).to_have_value("你好")
    assert ticket.messages.count() == 1
    ticket.refresh_from_db()
    assert ticket.status == Status.NEW


def test_a_customers_word_appears_by_itself(page: Page, desk_url: str, ticket: Ticket) -> None:
    page.goto(desk_url + place(ticket))
    live(page)
    page.fill("#text", "half an answer")
    begun = time.monotonic()
    make_message(ticket.inbox, ticket_id=ticket.pk, text="I found it again!")
    expect(page.locator("#timeline")).to_contain_text("I found it again!")
    expect(page.locator(f"#row-{ticket.pk}")).to_contain_text("I found it again!")
    assert time.monotonic() - begun < 5
    expect(page.locator("#text")).to_have_value("half an answer")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article.outbound")).to_contain_text("half an answer")


def test_new_tickets_wait_behind_a_pill(page: Page, ticket: Ticket) -> None:
    page.reload()
    live(page)
    make_ticket(ticket.inbox, subject="Brand new")
    pill = page.locator("[data-news]")
    expect(pill).to_be_visible()
    expect(page.locator("#rows")).not_to_contain_text("Brand new")
    pill.click()
    expect(page.locator("#rows")).to_contain_text("Brand new")


def test_a_draft_outlives_the_tab_and_a_refused_send(
    page: Page, desk_url: str, ticket: Ticket
) -> None:
    page.route("**/console/events?*", lambda route: route.abort())  # this agent sees nothing live
    page.goto(desk_url + place(ticket))
    page.fill("#text", "my long answer")
    expect(page.locator("#draft")).not_to_be_empty()
    page.reload()
    expect(page.locator("#text")).to_have_value("my long answer")
    make_message(ticket.inbox, ticket_id=ticket.pk, text="wait")
    page.click("[data-send]")
    expect(page.locator(".toast.warning")).to_be_visible()
    expect(page.locator("#text")).to_have_value("my long answer")
    expect(page.locator("#timeline")).to_contain_text("wait")
    page.click("[data-send]")
    expect(page.locator("article.outbound")).to_contain_text("my long answer")
    expect(page.locator("#text")).to_have_value("")


def test_colleagues_see_each_other(
    browser: Browser, page: Page, desk_url: str, ticket: Ticket
) -> None:
    page.goto(desk_url + place(ticket))
    colleague = User.objects.create_agent(
        "arjun@example.com", "correct-horse-7", name="Arjun", sees_all_tickets=True
    )
    other = browser.new_context().new_page()
    other.goto(f"{desk_url}/console/")
    other.fill("[name=login]", colleague.email)
    other.fill("[name=password]", "correct-horse-7")
    other.click("button.wide")
    other.wait_for_url("**/console/")
    other.goto(desk_url + place(ticket))
    expect(other.locator("#viewing")).to_contain_text("Mei Lin")


def test_the_chosen_theme_stays(page: Page) -> None:
    page.click("[data-theme-switch]")
    page.click("[data-theme-switch]")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_suspended_mail_is_decided_by_keys(page: Page, desk_url: str, ticket: Ticket) -> None:
    mails = [raw_mail(From="support@example.com", Subject=f"Loop {n}") for n in range(4)]
    first, second, third, fourth = (taken(raw, ticket.inbox.accounts.get()) for raw in mails)

    def status(receipt: Receipt) -> str:
        receipt.refresh_from_db()
        return receipt.status

    page.goto(f"{desk_url}/console/suspended/")
    page.keyboard.press("j")
    expect(page.locator("tr.chosen")).to_contain_text("Loop 3")
    page.keyboard.press("d")
    expect(page.locator(".toast")).to_be_visible()
    assert status(fourth) == "discarded"
    page.keyboard.press("d")
    assert page.locator("[data-rows] tr").count() == 3, "no key acts on a row that nobody chose"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/suspended/{third.pk}/")
    page.keyboard.press("f")
    expect(page.locator("#ticket")).to_be_focused()
    page.keyboard.type(ticket.number)
    page.keyboard.press("Enter")
    page.wait_for_url("**/suspended/")
    work()
    assert status(third) == "filed"
    page.goto(f"{desk_url}/console/suspended/{second.pk}/")
    page.keyboard.press("r")
    page.wait_for_url("**/suspended/")
    page.goto(f"{desk_url}/console/suspended/{first.pk}/")
    page.keyboard.press("b")
    page.wait_for_url("**/suspended/")
    expect(page.locator("#blocked")).to_be_visible()
    work()
    assert (status(second), status(first)) == ("filed", "discarded")
