"""The status page filled in is the page rendered, whatever is put in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.http import HttpRequest
from django.middleware.csrf import CSRF_ALLOWED_CHARS
from django.shortcuts import render
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from portal import csrf
from portal.forms import ProofForm
from portal.shells import _shell, status_page
from tests.factories import make_account, make_ticket
from tests.portal.customer import shown
from tickets import reference
from tickets.plain_status import PlainState, PlainStatus

DUE = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def told(state: PlainState, due: datetime | None = None) -> PlainStatus:
    return PlainStatus(
        reference=reference.new(),
        state=state,
        updated_on=date(2026, 3, 1),
        next_reply_due_at=due,
        must_act=state == PlainState.WAITING_FOR_YOU,
    )


def asked(path: str = "/status/1/") -> HttpRequest:
    return RequestFactory().get(path)


def without_token(page: str) -> str:
    found = re.findall(r'name="csrfmiddlewaretoken" value="(\w{64})"', page)
    assert len(set(found)) == 1
    return page.replace(found[0], "")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("has_proof", [True, False])
@pytest.mark.parametrize("due", [DUE, None])
@pytest.mark.parametrize("state", PlainState)
def test_a_filled_page_is_the_rendered_one(
    state: PlainState,
    due: datetime | None,
    has_proof: bool,
    language: str,
) -> None:
    request = asked("/status/1/?a=%25s&b=\"<'100%(here)s")
    with translation.override(language):
        for status in (told(state, due), told(state, due)):
            context = {
                "told": status,
                "number": reference.display(status.reference),
                "has_proof": has_proof,
                "proof_form": ProofForm(),
            }
            rendered = render(request, "portal/status.html", context).content.decode()
            filled = status_page(request, status, has_proof=has_proof)
            assert without_token(filled) == without_token(rendered)


def test_times_are_told_in_utc_wherever_the_server_stands() -> None:
    _shell.cache_clear()
    with timezone.override("Asia/Shanghai"):
        page = status_page(asked(), told(PlainState.RECEIVED, DUE), has_proof=True)
    assert "2026-03-04 05:06 UTC" in page
    assert "2222" not in page


def test_a_token_is_djangos_own_and_keeps_the_browsers_secret() -> None:
    request = asked()
    first, second = csrf.cheap_token(request), csrf.cheap_token(request)
    assert first != second
    assert csrf.cheap_token(asked()) != first
    assert {unmasked(token) for token in (first, second)} == {request.META["CSRF_COOKIE"]}


def unmasked(token: str) -> str:
    letters = CSRF_ALLOWED_CHARS
    pairs = zip(token[32:], token[:32], strict=True)
    return "".join(letters[letters.index(a) - letters.index(b)] for a, b in pairs)


@pytest.mark.django_db(transaction=True)
def test_the_pages_form_is_taken_only_with_its_token() -> None:
    make_account()
    ticket = make_ticket()
    client = Client(enforce_csrf_checks=True)
    place = f"/status/{ticket.reference}/"
    for _ in range(2):  # without a secret, and with the one it was given
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown(client.get(place)))
        assert found
        values = {"email": "ann@example.org"}
        assert client.post(f"{place}ask/", values).status_code == 403
        ours = values | {"csrfmiddlewaretoken": found[1]}
        assert client.post(f"{place}ask/", ours).status_code == 302
        forged = values | {"csrfmiddlewaretoken": found[1][:-1] + "_"}
        assert client.post(f"{place}ask/", forged).status_code == 403
