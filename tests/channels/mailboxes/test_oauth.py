"""Signing in to mailboxes: what is asked of the provider, and what we do with its answers."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection, transaction

from channels.mailboxes import oauth
from channels.mailboxes.settings import change
from channels.models import Account, FetchState
from tests.channels.mailboxes import sign_in_server
from tests.channels.mailboxes.sign_in_server import SignInServer
from tests.factories import make_account

HOME = "https://help.example.com/console/mailboxes/sign-in/"


@pytest.fixture
def server(settings: Any) -> Iterator[SignInServer]:
    with sign_in_server.running() as running:
        settings.HARBOUR_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.HARBOUR_MICROSOFT_LOGIN = running.url
        settings.HARBOUR_MICROSOFT_CLIENT_ID = "our-client"
        settings.HARBOUR_MICROSOFT_CLIENT_SECRET = "our-secret"
        settings.HARBOUR_MICROSOFT_TENANT = "organizations"
        yield running


def mailbox(**values: Any) -> Account:
    return make_account(settings={"sign_in": "microsoft", **values})


def stored(account: Account) -> dict[str, Any]:
    return dict(Account.objects.get(pk=account.pk).settings)


def asked_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.django_db
def test_the_address_asks_for_mail_only_and_binds_the_code_to_us(server: SignInServer) -> None:
    account = mailbox()
    url = oauth.begin(account, user_id=7, redirect_uri=HOME)
    asked = asked_of(url)
    assert url.startswith(f"{server.url}/organizations/oauth2/v2.0/authorize?")
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == HOME
    assert asked["login_hint"] == "support@example.com"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"].split() == [
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
    ]
    assert oauth.account_of(asked["state"], user_id=7) == account.pk


@pytest.mark.django_db
def test_google_is_asked_for_a_token_that_lasts(settings: Any) -> None:
    settings.HARBOUR_GOOGLE_CLIENT_ID = "our-client"
    account = make_account(settings={"sign_in": "google"})
    asked = asked_of(oauth.begin(account, user_id=7, redirect_uri=HOME))
    assert asked["scope"] == "https://mail.google.com/"
    assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")
    assert oauth.available() == ["google"]


@pytest.mark.django_db
def test_without_a_client_nobody_can_sign_in() -> None:
    with pytest.raises(oauth.NoToken, match="HARBOUR_GOOGLE_CLIENT_ID"):
        oauth.begin(make_account(settings={"sign_in": "google"}), user_id=7, redirect_uri=HOME)


@pytest.mark.django_db
def test_the_state_of_another_or_a_made_up_one_is_refused(server: SignInServer) -> None:
    state = asked_of(oauth.begin(mailbox(), user_id=7, redirect_uri=HOME))["state"]
    for given, user in [(state, 8), (state[:-1] + "A", 7), ("", 7), ("x" * 9000, 7), ("é", 7)]:
        with pytest.raises(oauth.BadState):
            oauth.account_of(given, user_id=user)


@pytest.mark.django_db
def test_a_code_becomes_tokens_and_the_prompt_goes(server: SignInServer) -> None:
    account = mailbox()
    FetchState.objects.create(account=account, needs_sign_in=True, error="sign-in: gone")
    asked = asked_of(oauth.begin(account, user_id=7, redirect_uri=HOME))
    oauth.finish(account, code="the-code", state=asked["state"], redirect_uri=HOME)
    form = server.asked[0]
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert challenge == asked["code_challenge"]
    assert 43 <= len(form["code_verifier"]) <= 128
    assert (form["code"], form["redirect_uri"]) == ("the-code", HOME)
    assert (form["client_id"], form["client_secret"]) == ("our-client", "our-secret")
    assert stored(account)["refresh_token"] == "refresh-1"
    assert oauth.access_token(account) == "access-1"
    assert len(server.asked) == 1
    state = FetchState.objects.get()
    assert (state.needs_sign_in, state.error) == (False, "")


@pytest.mark.django_db
def test_a_sign_in_that_would_be_forgotten_is_no_sign_in(server: SignInServer) -> None:
    server.gives_refresh_token = False
    account = mailbox()
    state = asked_of(oauth.begin(account, user_id=7, redirect_uri=HOME))["state"]
    with pytest.raises(oauth.NoToken, match="refresh token"):
        oauth.finish(account, code="the-code", state=state, redirect_uri=HOME)
    assert "access_token" not in stored(account)


@pytest.mark.django_db
def test_a_token_about_to_end_is_refreshed_and_the_new_refresh_token_kept(
    server: SignInServer,
) -> None:
    account = mailbox(refresh_token="old", access_token="a", access_token_until=time.time() + 60)
    assert oauth.access_token(account) == "access-1"
    assert server.asked[0]["refresh_token"] == "old"
    kept = stored(account)
    assert (kept["refresh_token"], kept["refreshing_until"]) == ("refresh-1", 0)
    assert kept["access_token_until"] > time.time() + 3000
    assert oauth.access_token(account) == "access-1"


@pytest.mark.django_db
def test_a_provider_that_keeps_the_refresh_token_is_understood(server: SignInServer) -> None:
    server.rotates = False
    account = mailbox(refresh_token="old")
    oauth.access_token(account)
    assert stored(account)["refresh_token"] == "old"


@pytest.mark.django_db
def test_a_refresh_token_that_died_asks_for_a_person_once(server: SignInServer) -> None:
    server.refusal = (400, {"error": "invalid_grant", "error_description": "Expired.\r\nTrace: 1"})
    account = mailbox(refresh_token="old")
    for _ in range(2):
        with pytest.raises(oauth.NeedsSignIn):
            oauth.access_token(account)
    assert len(server.asked) == 1, "a dead token is asked with once"
    state = FetchState.objects.get(account=account)
    assert state.needs_sign_in
    assert state.error == "Microsoft: Expired. Trace: 1"


@pytest.mark.django_db
def test_a_mailbox_nobody_signed_in_to_says_so(server: SignInServer) -> None:
    account = mailbox()
    with pytest.raises(oauth.NeedsSignIn):
        oauth.access_token(account)
    assert FetchState.objects.get(account=account).needs_sign_in
    assert not server.asked


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "said"),
    [(500, {}), (400, {"error": "invalid_client"}), (200, {"token_type": "Bearer"}), (200, [])],
)
def test_a_provider_in_trouble_is_asked_again_later(
    server: SignInServer, status: int, said: Any
) -> None:
    server.refusal = (status, said)
    account = mailbox(refresh_token="old")
    with pytest.raises(oauth.NoToken) as caught:
        oauth.access_token(account)
    assert not isinstance(caught.value, oauth.NeedsSignIn)
    assert not FetchState.objects.filter(needs_sign_in=True).exists()
    server.refusal = None
    assert oauth.access_token(account) == "access-2"


@pytest.mark.django_db
def test_a_provider_that_is_away_is_asked_again_later(settings: Any) -> None:
    settings.HARBOUR_MICROSOFT_LOGIN = "http://127.0.0.1:9"
    settings.HARBOUR_MICROSOFT_CLIENT_ID = "our-client"
    with pytest.raises(oauth.NoToken, match="does not answer"):
        oauth.access_token(mailbox(refresh_token="old"))


@pytest.mark.django_db
def test_a_refused_token_is_dropped_unless_a_newer_one_is_there(server: SignInServer) -> None:
    account = mailbox(refresh_token="old", access_token="bad", access_token_until=time.time() + 999)
    oauth.drop_token(account, "another")
    assert oauth.access_token(account) == "bad"
    oauth.drop_token(account, "bad")
    assert oauth.access_token(account) == "access-1"


@pytest.mark.django_db
def test_a_sign_in_during_a_refresh_wins(server: SignInServer) -> None:
    account = mailbox(refresh_token="old")
    used = oauth._claim(account)[0]
    change(account, {"refresh_token": "newer", "access_token": "new"})
    assert not oauth._settle(account, used, {"access_token": "late"})
    assert stored(account)["access_token"] == "new"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_ask_the_provider_once_and_hold_no_lock_meanwhile(
    server: SignInServer,
) -> None:
    server.wait = 0.5
    account = mailbox(refresh_token="old")

    def ask(_: int) -> str:
        try:
            return oauth.access_token(Account.objects.get(pk=account.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(ask, n) for n in range(5)]
        while not server.asked:
            time.sleep(0.01)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local lock_timeout = '250ms'")
            Account.objects.select_for_update().get(pk=account.pk)
        assert {each.result() for each in waiting} == {"access-1"}
    assert len(server.asked) == 1
