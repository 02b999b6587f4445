"""Every page of the running demo by axe-core's whole list, in both languages and themes.

The rooms' own browser tests ask for WCAG on pages they make up. This one takes the pages as
people first meet them, with the demo's data, and asks for good practice too: landmarks,
headings in order, nothing outside of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys.running import Harbour, eventually, running_harbour

pytestmark = [pytest.mark.slow, pytest.mark.browser]

DESK = {"width": 1440, "height": 900}
LOOKS: dict[str, dict[str, Any]] = {
    "english-light": {"locale": "en-GB", "color_scheme": "light", "viewport": DESK},
    "english-dark": {"locale": "en-GB", "color_scheme": "dark", "viewport": DESK},
    "chinese-light": {"locale": "zh-CN", "color_scheme": "light", "viewport": DESK},
    "chinese-dark": {"locale": "zh-CN", "color_scheme": "dark", "viewport": DESK},
    "chinese-phone": {
        "locale": "zh-CN",
        "color_scheme": "light",
        "viewport": {"width": 390, "height": 844},
    },
}
SETTINGS = (
    "me/",
    "mails/",
    "follow-ups/",
    "quarantine/",
    "suspended/",
    "settings/mailboxes/",
    "settings/mailboxes/connect/",
    "settings/mailboxes/connect/?preset=exmail",
    "settings/mailboxes/1/",
    "settings/channels/",
    "settings/channels/telegram/",
    "settings/channels/x/",
    "settings/inboxes/",
    "settings/inboxes/1/",
    "settings/templates/",
    "settings/templates/acknowledgement/zh-hans/",
    "views/open/?q=nothing-like-this",
)
PLAYGROUND = ("/playground/", "/playground/telegram/")


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    with running_harbour(tmp_path_factory.mktemp("axe") / "var") as harbour:
        yield harbour


class Eyes:
    """Looks at the page it stands on, and remembers what is wrong there."""

    def __init__(self, page: Page, harbour: Harbour) -> None:
        self.page, self.harbour, self.faults = page, harbour, list[str]()

    def go(self, path: str) -> None:
        self.page.goto(self.harbour.url + path)
        self.look(path)

    def look(self, name: str) -> None:
        for fault in Axe().run(self.page).response["violations"]:
            nodes = [node["html"][:120] for node in fault["nodes"][:3]]
            self.faults.append(f"{name}: {fault['id']} ({fault['help']}): {nodes}")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if over := self.page.evaluate(wide):
            self.faults.append(f"{name}: {over} pixels too wide")


@pytest.fixture(params=LOOKS)
def eyes(request: pytest.FixtureRequest, browser: Browser, harbour: Harbour) -> Iterator[Eyes]:
    context = browser.new_context(bypass_csp=True, **LOOKS[request.param])
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    yield Eyes(page, harbour)
    context.close()


def by_mail(harbour: Harbour, address: str) -> tuple[str, str]:
    """A new request by mail: its number, and the path of the link that answered it."""
    raw = f"From: Zoe <{address}>\r\nTo: support@example.com\r\nSubject: Deposit\r\n\r\nHello\r\n"
    harbour.send(raw.encode(), address)
    text = str(eventually(lambda: harbour.caught(address))[0].get_content())
    number, link = re.search(r"\d{4}-\d{4}-\d{4}-\d", text), re.search(r"/status/r/\S+", text)
    assert number
    assert link
    return number[0], link[0]


def test_the_customers_pages(eyes: Eyes, request: pytest.FixtureRequest) -> None:
    page, address = eyes.page, f"{request.node.callspec.id}@example.org"
    number, link = by_mail(eyes.harbour, address)
    eyes.go("/")
    page.click("form[data-upload] [type=submit]")
    eyes.look("/ with errors")
    page.fill("#id_subject", "Deposit")
    page.fill("#id_text", "It is missing.")
    page.fill("#id_email", address)
    page.click("form[data-upload] [type=submit]")
    page.wait_for_selector(".number")
    eyes.look("/received/")
    for path in ("/status/", f"/status/{number}/", "/nothing/", *PLAYGROUND):
        eyes.go(path)
    page.goto(f"{eyes.harbour.url}/status/{number}/")
    page.fill("[name=email]", address)
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=code]")
    eyes.look("the code")
    page.fill("[name=code]", "000000")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    eyes.look("the wrong code")
    eyes.go(link)
    page.click("main form button")
    page.wait_for_selector(".steps")
    eyes.look("the conversation")
    eyes.go("/status/1234567890123/")  # last: the fifth guess shuts the door for a while
    assert not eyes.faults, "\n".join(eyes.faults)


def test_the_agents_pages(eyes: Eyes) -> None:
    page = eyes.page
    eyes.go("/accounts/login/")
    page.fill("[name=login]", "demo@example.com")
    page.fill("[name=password]", "harbour-demo")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rows li")
    eyes.look("the queue")
    tickets = page.locator("#rows a.t").evaluate_all("links => links.map(link => link.href)")
    for n, ticket in enumerate(tickets[:4]):
        page.goto(ticket)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        eyes.look(f"ticket {n}")
    page.keyboard.press("n")
    page.wait_for_selector("#composer[data-mode=note]")
    eyes.look("a note")
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('#shortcuts').showModal()")
    eyes.look("the shortcuts")
    for path in SETTINGS:
        eyes.go(f"/console/{path}")
    eyes.go("/console/settings/channels/")
    page.click("main table a")
    eyes.look("a channel")
    eyes.go("/accounts/logout/")
    assert not eyes.faults, "\n".join(eyes.faults)
