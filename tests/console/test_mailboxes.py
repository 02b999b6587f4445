"""The mailboxes' pages: only for administrators, and no secret is ever shown again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from channels.models import Account, FetchState, Receipt
from people.models import User
from support.models import Event
from support.redis import client as redis
from tests.channels.mailboxes import sign_in_server
from tests.channels.mailboxes.sign_in_server import SignInServer
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

HOME = "/console/settings/mailboxes/"
STORED = {
    "imap_host": "imap.example.com",
    "username": "support@example.com",
    "password": "stored-word",
    "smtp_host": "smtp.example.com",
    "smtp_password": "stored-too",
}


@pytest.fixture
def admin() -> User:
    redis().flushdb()
    return make_agent(name="Mei Lin", role=User.Role.ADMIN)


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def shown(response: HttpResponse) -> str:
    return response.content.decode()


def page(account: Account, action: str = "") -> str:
    return f"{HOME}{account.pk}/{action}"


def form_of(desk: Client, path: str) -> dict[str, Any]:
    """What a browser would send from the page as it stands."""
    context = desk.get(path).context
    sent: dict[str, Any] = {}
    for section in context["sections"]:
        for field in section.fields:
            value = field.value()
            if "password" in field.name or field.name == "outgoing_key" or value in (None, False):
                continue
            sent[field.html_name] = value
    if preset := context.get("preset"):
        sent["preset"] = preset.name
    return sent


def errors(response: HttpResponse) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section in response.context["sections"]:
        found |= {field.name: list(field.errors) for field in section.fields if field.errors}
    return found


@pytest.mark.parametrize(
    "path", ["", "connect/", "1/", "1/test/", "1/mode/", "1/switch/", "1/sign-in/", "signed-in/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_administrators_get_in(client: Client, path: str, method: str) -> None:
    make_account(pk=1)
    make_agent(role=User.Role.ADMIN)
    assert getattr(client, method)(HOME + path).status_code == 302
    client.force_login(make_agent())
    assert getattr(client, method)(HOME + path).status_code == 403


def test_the_list_says_how_each_mailbox_fares(desk: Client) -> None:
    account = make_account(settings=STORED, mode="watch")
    FetchState.objects.create(account=account, needs_sign_in=True, error="The token ended.")
    text = shown(desk.get(HOME))
    assert "wants somebody to sign in" in text
    assert "The token ended." in text
    assert "only watching" in text
    assert '<span class="n num">1</span>' in text, "the rail counts it"
    assert "stored-word" not in text


def test_every_provider_can_be_chosen(desk: Client) -> None:
    names = {preset.name for preset in desk.get(f"{HOME}connect/").context["presets"]}
    assert names == {"google", "microsoft", "exmail", "netease", "aliyun", "imap", "door"}
    for name in names:
        assert desk.get(f"{HOME}connect/?preset={name}").status_code == 200
    assert desk.get(f"{HOME}connect/?preset=nonsense").context["presets"]


def test_a_mailbox_is_connected_and_tried_out_at_once(desk: Client, sink: Sink) -> None:
    path = f"{HOME}connect/?preset=door"
    sent = form_of(desk, path) | {"address": "Help@example.com", "aliases": "hilfe@example.com"}
    answer = desk.post(path, sent, follow=True)
    account = Account.objects.get()
    assert (account.address, account.mode) == ("help@example.com", "watch")
    assert account.inbox.name == "help@example.com"
    assert account.aliases.get().address == "hilfe@example.com"
    text = shown(answer)
    assert "It takes mail from help@example.com." in text
    assert "It only watches" in text
    assert "It takes mail from" not in shown(desk.get(page(account))), "told once"
    assert Event.objects.filter(kind="mailbox.changed", actor__isnull=False).exists()


def test_an_address_that_is_taken_is_refused_with_the_form_kept(desk: Client) -> None:
    make_account()
    path = f"{HOME}connect/?preset=door"
    answer = desk.post(path, form_of(desk, path) | {"address": "support@example.com"})
    assert answer.status_code == 422
    assert "already" in shown(answer)
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"address": "nobody"}, "address"),
        ({"imap_host": "http://x/"}, "imap_host"),
        ({"imap_host": "127.0.0.1", "password": "x"}, "imap_host"),
        ({"smtp_host": "169.254.169.254"}, "smtp_host"),
        ({"imap_host": "imap.example.com"}, "password"),
        ({"imap_port": "x"}, "imap_port"),
        ({"smtp_port": "99999"}, "smtp_port"),
        ({"after_fetch": "burn"}, "after_fetch"),
        ({"username": "a\nb"}, "username"),
        ({"sign_in": "google"}, "sign_in"),
        ({"outgoing": "postmark"}, "outgoing_key"),
        ({"inbox": "999"}, "inbox"),
        ({"aliases": "x" * 6000}, "aliases"),
    ],
)
def test_mistakes_are_told_at_their_field(desk: Client, given: dict[str, str], field: str) -> None:
    path = f"{HOME}connect/?preset=imap"
    answer = desk.post(path, form_of(desk, path) | {"address": "a@example.com", **given})
    assert answer.status_code == 422
    assert field in errors(answer)
    assert not Account.objects.exists()


def test_secrets_are_never_shown_and_kept_when_left_empty(desk: Client) -> None:
    account = make_account(settings=STORED)
    text = shown(desk.get(page(account)))
    assert "stored-word" not in text
    assert "stored-too" not in text
    assert "stored; leave empty to keep it" in text
    sent = form_of(desk, page(account)) | {"from_name": "Help", "keep_raw_for": "30"}
    answer = desk.post(page(account), sent)
    assert answer.status_code == 302
    account = Account.objects.get()
    assert account.settings["password"] == "stored-word"
    assert account.settings["smtp_password"] == "stored-too"
    assert (account.inbox.from_name, account.inbox.keep_raw_for.days) == ("Help", 30)


def test_a_stored_password_is_not_sent_to_another_server(desk: Client) -> None:
    account = make_account(settings=STORED)
    sent = form_of(desk, page(account))
    for change in ({"imap_host": "evil.example.net"}, {"smtp_security": "ssl"}):
        answer = desk.post(page(account), sent | change)
        assert answer.status_code == 422
        assert "password" in errors(answer)
    change = {"smtp_host": "smtp2.example.com", "password": "p", "smtp_password": "q"}
    assert desk.post(page(account), sent | change).status_code == 302
    assert Account.objects.get().settings["smtp_password"] == "q"


def test_tokens_are_not_taken_to_another_server(desk: Client, server: SignInServer) -> None:
    tokens = {"sign_in": "microsoft", "refresh_token": "r", "access_token": "a"}
    account = make_account(settings={"imap_host": "imap.example.com", **tokens})
    sent = form_of(desk, page(account))
    assert desk.post(page(account), sent).status_code == 302
    assert Account.objects.get().settings["refresh_token"] == "r"
    assert desk.post(page(account), sent | {"imap_host": "evil.example.net"}).status_code == 302
    stored = Account.objects.get().settings
    assert (stored["refresh_token"], stored["access_token"]) == ("", "")


def test_limits_and_aliases_are_saved_together_or_not_at_all(desk: Client) -> None:
    account = make_account()
    make_account(address="sales@example.com", inbox=account.inbox)
    sent = form_of(desk, page(account)) | {"automatic_per_minute": "7"}
    refused = desk.post(page(account), sent | {"aliases": "sales@example.com"})
    assert refused.status_code == 422
    assert Account.objects.get(pk=account.pk).automatic_per_minute == 10_000
    desk.post(page(account), sent | {"aliases": "a@example.com\nb@example.com"})
    account.refresh_from_db()
    assert account.automatic_per_minute == 7
    assert account.aliases.count() == 2


def test_trying_out_is_limited(desk: Client, sink: Sink) -> None:
    account = make_account()
    answers = [desk.post(page(account, "test/")).status_code for _ in range(11)]
    assert answers == [302] * 10 + [429]


def test_a_mailbox_is_switched_on_with_what_it_watched_and_off_again(desk: Client) -> None:
    account = make_account(mode="watch", settings=STORED)
    Receipt.objects.create(account=account, body=raw_mail(), status="watched")
    desk.post(page(account, "mode/"), {"mode": "live", "import_since": "2999-01-01"})
    assert Account.objects.get().mode == "watch", "a day to come is a mistake"
    given = {"mode": "live", "file_waiting": "on", "import_since": "2026-01-01"}
    desk.post(page(account, "mode/"), given)
    account = Account.objects.get()
    assert account.mode == "live"
    assert str(account.fetch_state.import_since) == "2026-01-01"
    assert Receipt.objects.get().status == "waiting"
    desk.post(page(account, "mode/"), {"mode": "watch"})
    assert Account.objects.get().mode == "watch"
    desk.post(page(account, "switch/"))
    assert not Account.objects.get().is_active
    assert Receipt.objects.count() == 1


@pytest.fixture
def server(settings: Any) -> Iterator[SignInServer]:
    with sign_in_server.running() as running:
        settings.HARBOUR_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.HARBOUR_MICROSOFT_LOGIN = running.url
        settings.HARBOUR_MICROSOFT_CLIENT_ID = "our-client"
        settings.HARBOUR_URL = "https://help.example.com"
        yield running


def test_the_round_trip_to_the_provider(desk: Client, server: SignInServer, sink: Sink) -> None:
    account = make_account(settings={"sign_in": "microsoft"})
    FetchState.objects.create(account=account, needs_sign_in=True)
    away = desk.get(page(account, "sign-in/"))
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert asked["redirect_uri"] == [f"https://help.example.com{HOME}signed-in/"]
    back = f"{HOME}signed-in/?state={asked['state'][0]}&code=the-code"
    answer = desk.get(back, follow=True)
    assert "It takes mail from" in shown(answer)
    account = Account.objects.get()
    assert account.settings["refresh_token"] == "refresh-1"
    assert not account.fetch_state.needs_sign_in
    changes = Event.objects.filter(kind="mailbox.changed").values_list("payload", flat=True)
    assert "signed_in" in [each["change"] for each in changes]


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?state=" + "é" * 50])
def test_a_sign_in_that_nobody_began_is_refused(
    desk: Client, server: SignInServer, query: str
) -> None:
    answer = desk.get(f"{HOME}signed-in/{query}", follow=True)
    assert "not begun here" in shown(answer)
    assert not server.asked


def test_anothers_sign_in_is_refused(desk: Client, server: SignInServer, client: Client) -> None:
    account = make_account(settings={"sign_in": "microsoft"})
    away = desk.get(page(account, "sign-in/"))
    state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
    client.force_login(make_agent(role=User.Role.ADMIN))
    client.get(f"{HOME}signed-in/?state={state}&code=y")
    assert not server.asked
    assert "refresh_token" not in Account.objects.get().settings


def test_a_refusal_of_the_provider_is_told(desk: Client, server: SignInServer) -> None:
    account = make_account(settings={"sign_in": "microsoft"})
    away = desk.get(page(account, "sign-in/"))
    state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
    answer = desk.get(f"{HOME}signed-in/?state={state}&error=access_denied", follow=True)
    assert "access_denied" in shown(answer)
    server.refusal = (500, {})
    answer = desk.get(f"{HOME}signed-in/?state={state}&code=y", follow=True)
    assert answer.status_code == 200


def test_without_a_client_at_the_provider_the_page_says_so(desk: Client) -> None:
    account = make_account(settings={"sign_in": "google"})
    answer = desk.get(page(account, "sign-in/"), follow=True)
    assert "HARBOUR_GOOGLE_CLIENT_ID is not set" in shown(answer)
    assert "no client at Google" in shown(desk.get(f"{HOME}connect/?preset=google"))


def test_other_channels_accounts_have_no_page_here(desk: Client) -> None:
    account = make_account(kind="web", address="")
    assert desk.get(page(account)).status_code == 404
