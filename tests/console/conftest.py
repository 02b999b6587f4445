from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from people.models import User
from support.redis import client as redis
from tests.console.desk_server import running_desk
from tests.factories import make_account, make_agent, make_ticket
from tickets.models import Ticket

PASSWORD = "correct-horse-7"


@pytest.fixture
def desk_url(transactional_db: None) -> Iterator[str]:
    redis().flushdb()
    with running_desk() as url:
        yield url


@pytest.fixture
def mei(transactional_db: None) -> User:
    mei = make_agent(name="Mei Lin", email="mei@example.com", role=User.Role.ADMIN)
    mei.set_password(PASSWORD)
    mei.save()
    return mei


@pytest.fixture
def ticket(transactional_db: None) -> Ticket:
    make_account()
    return make_ticket(subject="Deposit missing", text="Where is it?")


@pytest.fixture
def page(browser: Browser, desk_url: str, mei: User) -> Page:
    """A browser signed in as Mei, at the queue."""
    return signed_in(
        browser.new_context(viewport={"width": 1500, "height": 900}).new_page(), desk_url
    )


def signed_in(page: Page, url: str) -> Page:
    page.goto(f"{url}/console/")
    page.fill("[name=login]", "mei@example.com")
    page.fill("[name=password]", PASSWORD)
    page.click("button.wide")
    page.wait_for_url("**/console/")
    return page
