"""The main job through real doors: SMTP, the web, a browser, and SMTP again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.running import Harbour, eventually, running_harbour

pytestmark = [pytest.mark.slow, pytest.mark.browser]
ZOE = "zoe@example.org"


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    with running_harbour(tmp_path_factory.mktemp("journey") / "var") as harbour:
        yield harbour


@pytest.fixture
def desk(browser: Browser, harbour: Harbour) -> Iterator[Page]:
    """A signed-in agent's page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{harbour.url}/console/")
    page.fill("input[name=login]", "demo@example.com")
    page.fill("input[name=password]", "harbour-demo")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rows li")
    yield page
    context.close()


def mail(subject: str, text: str, **headers: str) -> bytes:
    lines = [f"From: Zoe <{ZOE}>", "To: support@example.com", f"Subject: {subject}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", text, ""]).encode()


def number_in(text: str) -> str:
    found = re.search(r"\d{4}-\d{4}-\d{4}-\d", text)
    assert found
    return found[0]


def test_from_a_mail_to_an_answer_and_back(harbour: Harbour, desk: Page) -> None:
    harbour.send(
        mail("My coin is gone", "I sent it yesterday.", Message_ID="<zoe-1@example.org>"), ZOE
    )
    acknowledgement = eventually(lambda: harbour.caught(ZOE))[0]
    number = number_in(str(acknowledgement["Subject"]))
    assert acknowledgement["In-Reply-To"] == "<zoe-1@example.org>"

    desk.goto(f"{harbour.url}/status/?number={number}")
    expect(desk.locator(".banner .state")).to_have_text("Received")
    assert "My coin is gone" not in desk.content()

    desk.goto(f"{harbour.url}/console/")
    desk.keyboard.press("/")
    desk.keyboard.type(number)
    desk.keyboard.press("Enter")
    expect(desk.locator("#head h1")).to_have_text("My coin is gone")
    desk.locator("#head h1").click()
    desk.keyboard.press("r")
    desk.keyboard.type("We have found it. Is it yours?")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".msg.outbound")).to_contain_text("We have found it")

    answer = eventually(lambda: harbour.caught(ZOE)[1:])[0]
    assert "We have found it" in answer.get_body(("plain",)).get_content()
    assert "<zoe-1@example.org>" in str(answer["References"])
    assert answer["Auto-Submitted"] is None

    expect(desk.locator(".msg.outbound .pill")).to_have_text("sent", timeout=20_000)
    back = mail("Re: My coin is gone", "Yes, it is mine!", In_Reply_To=str(answer["Message-ID"]))
    harbour.send(back, ZOE)
    expect(desk.locator(".msg.inbound").last).to_contain_text("Yes, it is mine!", timeout=20_000)
    expect(desk.locator("#head .pill").first).to_have_text("Open")
    assert len(harbour.caught(ZOE)) == 2, "an answer is not acknowledged again"


def test_a_new_request_shows_as_news_and_nothing_jumps(harbour: Harbour, desk: Page) -> None:
    first = desk.locator("#rows li").first.get_attribute("id")
    harbour.send(
        b"From: Bo <bo@example.org>\r\nTo: support@example.com\r\nSubject: News\r\n\r\nHello\r\n",
        "bo@example.org",
    )
    expect(desk.locator("[data-news]")).to_be_visible(timeout=20_000)
    assert desk.locator("#rows li").first.get_attribute("id") == first
    desk.locator("[data-news]").click()
    expect(desk.locator("#rows li").first).to_contain_text("News")


def test_the_queue_is_worked_by_keys(harbour: Harbour, desk: Page) -> None:
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    chosen = desk.locator("#rows li.chosen a.t").inner_text()
    desk.keyboard.press("k")
    assert desk.locator("#rows li.chosen a.t").inner_text() != chosen
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#composer")
    desk.keyboard.press("n")
    expect(desk.locator("#composer")).to_have_attribute("data-mode", "note")
    desk.keyboard.type("Only for us")
    desk.keyboard.press("Escape")
    desk.keyboard.press("?")
    expect(desk.locator("#shortcuts")).to_be_visible()
    desk.keyboard.press("Escape")
    desk.keyboard.press("g")
    desk.keyboard.press("u")
    desk.wait_for_url("**/views/unassigned/")


def test_enter_while_composing_chinese_sends_nothing(harbour: Harbour, desk: Page) -> None:
    desk.locator("#rows li a.t").first.click()
    desk.wait_for_selector("#text")
    desk.locator("#text").fill("你好")
    desk.evaluate(
        """() => document.getElementById('text').dispatchEvent(new KeyboardEvent('keydown',
        {key: 'Enter', ctrlKey: true, isComposing: true, bubbles: true}))"""
    )
    desk.wait_for_timeout(300)
    assert desk.locator("#text").input_value() == "你好"
    desk.reload()
    desk.wait_for_timeout(300)
    assert desk.locator("#text").input_value() in ("你好", "")


def test_the_form_works_without_scripts(harbour: Harbour, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(harbour.url)
    page.fill("input[name=subject]", "No scripts here")
    page.fill("textarea[name=text]", "Still works?")
    page.fill("input[name=email]", "noscript@example.org")
    page.set_input_files(
        "input[type=file]", {"name": "p.txt", "mimeType": "text/plain", "buffer": b"x"}
    )
    page.get_by_role("button", name="Send request").click()
    expect(page.locator(".number")).to_be_visible()
    number = number_in(page.locator(".number").inner_text())
    assert number in eventually(lambda: harbour.caught("noscript@example.org"))[0].get_content()
    context.close()


def test_a_typing_error_in_a_number_is_told_while_typing(
    harbour: Harbour, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(f"{harbour.url}/status/")
    page.locator("#id_number").fill("4829-1373-0456-8")
    expect(page.locator("#id_number-hint")).to_have_text("There is a typing error in this number.")
    page.close()
