"""Tokens: shown once, kept as a hash, ended at once."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from api import tokens
from api.models import ApiToken
from tests.factories import make_agent

pytestmark = pytest.mark.django_db


def _create(*args: str) -> str:
    out = StringIO()
    call_command("create_token", *args, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()[-1]


def test_the_command_prints_a_token_that_works_and_is_not_stored() -> None:
    secret = _create("crm", "--scopes", "tickets:read, contacts:read")
    assert secret.startswith("hbr_live_")
    found = tokens.find(secret)
    assert found is not None
    assert found.scopes == ["contacts:read", "tickets:read"]
    assert found.last4 == secret[-4:]
    stored = str(ApiToken.objects.values().get())
    assert secret not in stored
    assert secret.removeprefix("hbr_live_") not in stored
    assert found.expires_at - timezone.now() <= timedelta(days=365)


@pytest.mark.parametrize(
    "args",
    [
        ("--scopes", "admin"),
        ("--scopes", ","),
        ("--scopes", "tickets:read", "--days", "366"),
        ("--scopes", "tickets:read", "--days", "0"),
        ("--scopes", "tickets:read", "--days", "99999999999"),
        ("--scopes", "tickets:read", "--agent", "nobody@example.com"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        _create("crm", *args)
    assert not ApiToken.objects.exists()


def test_a_name_is_in_use_once_and_free_again_after_revoking() -> None:
    agent = make_agent()
    _create("crm", "--scopes", "all", "--agent", agent.email.upper())
    with pytest.raises(CommandError, match="revoke it first"):
        _create("crm", "--scopes", "all")


def test_revoking_ends_a_token_at_once() -> None:
    secret = _create("crm", "--scopes", "all")
    call_command("revoke_token", "crm", stdout=StringIO())
    assert tokens.find(secret) is None
    with pytest.raises(CommandError):
        call_command("revoke_token", "crm")
    _create("crm", "--scopes", "all")


def test_use_is_noted_at_most_once_a_minute(django_assert_num_queries: Any) -> None:
    token = tokens.find(_create("crm", "--scopes", "all"))
    assert token is not None
    tokens.note_use(token)
    token.refresh_from_db()
    assert token.last_used_at is not None
    with django_assert_num_queries(0):
        tokens.note_use(token)
