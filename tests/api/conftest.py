"""A client that carries a token, and a desk to call."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from api import scopes, tokens
from tests.factories import make_account
from tickets.models import Inbox


class Api:
    """Django's test client, with a token and JSON both ways."""

    def __init__(self, secret: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        payload: dict[str, Any] = {}
        if body is not None:
            payload = {"data": json.dumps(body), "content_type": "application/json"}
        return self.client.generic(
            method, f"/api/v1/{path}", headers={**self.headers, **sent}, **payload
        )

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Limits live in Valkey, which no test's transaction rolls back."""
    cache.clear()
    yield


@pytest.fixture
def desk(db: None) -> Inbox:
    return make_account().inbox


@pytest.fixture
def api(desk: Inbox) -> Api:
    """A token that may do everything."""
    return api_with(*scopes.ALL)


def api_with(*granted: str, **values: Any) -> Api:
    made = tokens.ApiToken.objects.count()
    _token, secret = tokens.issue(f"token {made}", scopes=granted, **values)
    return Api(secret)


NewApi = Callable[..., Api]


def ticket_body(**values: Any) -> dict[str, Any]:
    body = {
        "requester": {"email": "bo@example.org", "name": "Bo"},
        "subject": "Lamp flickers",
        "text": "My lamp flickers.",
    }
    return body | values
