"""The customers' pages in a real browser: reachable for everybody, and comfortable with scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels.automatic import status_link
from tests.factories import make_account, make_agent, make_inbox, make_ticket
from tickets import reference
from tickets.models import Attachment, Category, Ticket
from tickets.operations.reply import reply

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

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
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(300)
#: Gives files to the page as a person's mouse or clipboard would.
HAND_OVER = """([selector, kind, name]) => {
  const box = new DataTransfer();
  box.items.add(new File(["proof"], name, {type: "text/plain"}));
  const given = kind === "paste" ? {clipboardData: box} : {dataTransfer: box};
  const init = {bubbles: true, cancelable: true, ...given};
  const event = kind === "paste" ? new ClipboardEvent(kind, init) : new DragEvent(kind, init);
  document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.fixture
def ticket() -> Ticket:
    inbox = make_account(kind="web", inbox=make_inbox(channel="web")).inbox
    Category.objects.create(slug="deposit", name="Deposit", name_zh="充值")
    ticket = make_ticket(inbox, subject="Deposit missing", text="Where is it?")
    reply(ticket, "We look into it.", actor=make_agent(name="Mei Lin"))
    return ticket


def faults(page: Page) -> list[str]:
    """What axe holds against this page, and whether it must be scrolled sideways."""
    found = Axe().run(page, options=WCAG).response["violations"]
    told = [f"{page.url} {fault['id']}: {fault['nodes'][0]['html'][:90]}" for fault in found]
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return [*told, f"{page.url} is too wide"] if page.evaluate(wide) else told


def fill(page: Page) -> None:
    page.fill("#id_subject", "Deposit")
    page.fill("#id_text", "It is missing.")
    page.fill("#id_email", "ann@example.org")


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_bars_anybody(
    browser: Browser, live_server: LiveServer, ticket: Ticket, look: str
) -> None:
    page = browser.new_context(**LOOKS[look]).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Policy" in said.text else None)
    seen: list[str] = []
    unknown = reference.new()
    for path in ("/", "/status/", "/status/?number=1", f"/status/{unknown}/", "/nothing/"):
        page.goto(live_server.url + path)
        seen += faults(page)
    page.goto(live_server.url)
    page.click("form[data-upload] [type=submit]")
    expect(page.locator("#problems")).to_be_focused()
    seen += faults(page)
    fill(page)
    page.click("form[data-upload] [type=submit]")
    expect(page.locator(".number")).to_be_visible()
    seen += faults(page)
    page.goto(f"{live_server.url}/status/{ticket.reference}/")
    seen += faults(page)
    page.fill("#id_email", "ann@example.org")
    page.click("main form [type=submit]")
    expect(page.locator("#id_code")).to_be_visible()
    seen += faults(page)
    page.goto(status_link(ticket).replace("http://localhost:8000", live_server.url))
    seen += faults(page)
    page.click("main form [type=submit]")
    expect(page.locator(".msg.outbound")).to_contain_text("We look into it.")
    seen += faults(page)
    assert not seen, "\n".join(seen)
    assert not errors


def test_every_form_works_without_scripts(
    browser: Browser, live_server: LiveServer, ticket: Ticket
) -> None:
    page = browser.new_context(java_script_enabled=False, locale="en-GB").new_page()
    page.goto(live_server.url)
    fill(page)
    page.click("form[data-upload] [type=submit]")
    expect(page.locator(".number")).to_be_visible()
    page.reload()
    expect(page.locator(".number")).to_be_visible()
    page.click(".lang button")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.click(".lang button")
    page.goto(status_link(ticket).replace("http://localhost:8000", live_server.url))
    page.click("main form [type=submit]")
    page.fill("#id_text", "Here is more.")
    file = {"name": "proof.png", "mimeType": "image/png", "buffer": PNG}
    page.set_input_files("#id_files", [file])  # type: ignore[list-item]
    page.click("form.add [type=submit]")
    expect(page.locator(".msg").last).to_contain_text("Here is more.")
    with page.expect_download() as download:
        page.click(".msg .filelist a")
    assert Path(download.value.path()).read_bytes() == PNG
    page.click("button[value=solved]")
    expect(page.locator(".banner .state")).to_have_text("Solved")
    page.click("button[value=open]")
    expect(page.locator(".banner .state")).to_have_text("Being worked on")
    page.click(".link")
    page.goto(f"{live_server.url}/status/{ticket.reference}/conversation/")
    expect(page.locator("#id_email")).to_be_visible()


def test_a_number_is_judged_while_it_is_typed(
    browser: Browser, live_server: LiveServer, ticket: Ticket
) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{live_server.url}/status/")
    hint = page.locator("#id_number-hint")
    page.fill("#id_number", ticket.number)
    expect(hint).to_have_text("This number is complete.")
    typo = ticket.number[:-1] + str((int(ticket.number[-1]) + 1) % 10)
    page.fill("#id_number", typo)
    expect(hint).to_have_text("There is a typing error in this number.")
    page.fill("#id_number", "".join(chr(0xFEE0 + ord(digit)) for digit in ticket.reference))
    expect(hint).to_have_text("This number is complete.")


def test_files_are_pasted_dropped_removed_and_sent_with_progress(
    browser: Browser, live_server: LiveServer, ticket: Ticket
) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(live_server.url)
    page.evaluate(HAND_OVER, ["form[data-upload]", "paste", "pasted.txt"])
    page.evaluate(HAND_OVER, ["[data-drop]", "drop", "dropped.txt"])
    page.evaluate(HAND_OVER, ["[data-drop]", "drop", "unwanted.txt"])
    rows = page.locator("[data-drop] .filelist li")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Remove unwanted.txt").click()
    expect(rows).to_have_count(2)
    fill(page)
    page.evaluate(
        """() => new MutationObserver(() => {
            if (document.querySelector("progress")) window.sawProgress = true;
        }).observe(document.body, {childList: true, subtree: true})"""
    )
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.click("form[data-upload] [type=submit]")
    expect(page.locator(".number")).to_be_visible()
    assert "/received/" in page.url
    assert page.evaluate("window.sawProgress")
    assert sorted(Attachment.objects.values_list("name", flat=True)) == [
        "dropped.txt",
        "pasted.txt",
    ]


def test_what_is_wrong_with_an_upload_is_told_in_place(
    browser: Browser, live_server: LiveServer, ticket: Ticket
) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(live_server.url)
    for number in range(11):
        page.evaluate(HAND_OVER, ["[data-drop]", "drop", f"{number}.txt"])
    expect(page.locator("[data-drop] .filelist .error")).to_have_text("At most 10 files.")
    fill(page)
    page.fill("#id_email", "nonsense")
    page.click("form[data-upload] [type=submit]")
    expect(page.locator("#problems")).to_contain_text("Enter a valid email address.")
    assert page.input_value("#id_subject") == "Deposit"
