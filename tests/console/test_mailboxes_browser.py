"""The mailboxes' pages in a real browser: for everybody, and without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from channels.models import Account, FetchState
from people.models import User
from tests.console.conftest import signed_in
from tests.console.test_browser import LOOKS, faults
from tests.factories import make_account
from tests.sink import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOME = "console/settings/mailboxes/"


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_bars_anybody(browser: Browser, desk_url: str, mei: User, look: str) -> None:
    stored = {"imap_host": "imap.example.com", "sign_in": "microsoft"}
    account = make_account(mode="watch", settings=stored)
    FetchState.objects.create(account=account, needs_sign_in=True, error="The token ended.")
    page = signed_in(browser.new_context(**LOOKS[look]).new_page(), desk_url)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    found: list[str] = []
    for path in ("", "connect/", "connect/?preset=exmail", f"{account.pk}/"):
        page.goto(f"{desk_url}/{HOME}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found += faults(page)
    page.fill("[name=imap_host]", "no server")
    page.press("[name=imap_host]", "Enter")
    page.wait_for_selector(".err")
    found += faults(page)
    assert found == []
    assert errors == []


def test_a_mailbox_is_connected_by_keyboard_alone(
    page: Page, desk_url: str, sink: Sink, mei: User
) -> None:
    page.goto(f"{desk_url}/{HOME}")
    page.locator("a", has_text="Connect a mailbox").focus()
    page.keyboard.press("Enter")
    page.locator("a.pick").last.focus()
    page.keyboard.press("Enter")
    page.locator("[name=address]").focus()
    page.keyboard.type("help@example.com")
    page.keyboard.press("Enter")
    expect(page.locator(".findings")).to_contain_text("It takes mail from help@example.com.")
    expect(page.locator("#mode")).to_have_text("It only watches")
    assert Account.objects.get().mode == Account.Mode.WATCH
    page.locator("button", has_text="Switch it on").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#mode")).to_have_text("It is live")
    assert Account.objects.get().mode == Account.Mode.LIVE
