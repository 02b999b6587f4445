"""Every route of the URL conf x every scope: what is not granted is refused."""

import ast
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from api import scopes, tokens
from api.base import Endpoint
from tests.api.conftest import Api, api_with, ticket_body
from tests.factories import make_agent, make_ticket
from tickets.models import Inbox

PUBLIC = {"openapi.json", "docs/", "redoc/", "errors/<str:code>", "status/<str:reference>"}

#: method, route, a body, and the scopes any one of which is enough.
ROUTES: list[tuple[str, str, Any, set[str]]] = [
    ("GET", "tickets", None, {"tickets:read"}),
    ("POST", "tickets", ticket_body(), {"tickets:write"}),
    ("GET", "tickets/<str:reference>", None, {"tickets:read"}),
    ("PATCH", "tickets/<str:reference>", {"priority": "low"}, {"tickets:write"}),
    ("GET", "tickets/<str:reference>/messages", None, {"tickets:read"}),
    ("POST", "tickets/<str:reference>/messages", {"direction": "note", "text": "a"}, {"notes:write"}),
    ("POST", "tickets/<str:reference>/messages", {"direction": "outbound", "text": "a"}, {"messages:write"}),
    ("POST", "tickets/<str:reference>/messages", {"direction": "inbound", "text": "a", "sender": {"email": "ann@example.org"}}, {"tickets:write"}),
    ("GET", "tickets/<str:reference>/messages/<int:pk>", None, {"tickets:read"}),
    ("DELETE", "tickets/<str:reference>/messages/<int:pk>", None, {"messages:write"}),
    ("GET", "contacts", None, {"contacts:read"}),
    ("POST", "contacts", {"email": "dee@example.org"}, {"contacts:write"}),
    ("GET", "contacts/<int:pk>", None, {"contacts:read"}),
    ("PATCH", "contacts/<int:pk>", {"name": "A"}, {"contacts:write"}),
    ("POST", "attachments", None, {"attachments:write"}),
    ("GET", "attachments/<uuid:public_id>", None, {"attachments:read"}),
    ("GET", "teams", None, {"tickets:read"}),
    ("GET", "agents", None, {"tickets:read"}),
    ("GET", "categories", None, {"tickets:read"}),
    ("GET", "inboxes", None, {"tickets:read"}),
]  # fmt: skip


def _patterns() -> dict[str, Any]:
    """The routes under /api/v1/ and their views."""
    room = next(p for p in get_resolver().url_patterns if str(p.pattern) == "api/")
    version = next(p for p in room.url_patterns if isinstance(p, URLResolver))
    found: dict[str, Any] = {}
    for pattern in version.url_patterns:
        assert isinstance(pattern, URLPattern)
        found[str(pattern.pattern)] = pattern.callback
    return found


def test_every_route_and_method_has_a_row() -> None:
    rows = {(method, route) for method, route, _body, _scopes in ROUTES}
    for route, callback in _patterns().items():
        bare = route if route in PUBLIC else route.rstrip("/")
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        if bare in PUBLIC:
            assert view is None or view.is_public
            continue
        assert issubclass(view, Endpoint) and not view.is_public, route
        offered = {m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(view, m.lower())}
        assert offered == set(view.scopes), route
        assert {(method, bare) for method in offered} <= rows, route


def test_every_post_is_idempotent() -> None:
    for callback in _patterns().values():
        post = getattr(getattr(callback, "cls", None), "post", None)
        assert post is None or post.is_idempotent


@pytest.mark.parametrize(("method", "route", "body", "enough"), ROUTES)
def test_only_a_token_with_the_scope_gets_in(
    desk: Inbox, method: str, route: str, body: Any, enough: set[str]
) -> None:
    ticket = make_ticket(desk)
    path = (
        route.replace("<str:reference>", ticket.reference)
        .replace("<int:pk>", str(ticket.requester_id))
        .replace("<uuid:public_id>", str(uuid.uuid4()))
    )
    assert Api()(method, path, body).status_code == 401
    for scope in scopes.ALL:
        status = api_with(scope)(method, path, body).status_code
        assert (status == 403) == (scope not in enough), (scope, status)
        assert status < 500
    everything_else = set(scopes.ALL) - enough
    assert api_with(*everything_else)(method, path, body).status_code == 403


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic YTpi", "Bearer x", "bearer hbr_live_" + "a" * 40,
     "Bearer hbr_live_" + "é" * 40, "Token abc", "Bearer " + "a" * 9000],
)  # fmt: skip
def test_a_wrong_token_opens_nothing(desk: Inbox, header: str) -> None:
    answer = Api().get("tickets", Authorization=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_revoked_expired_or_departed_token_opens_nothing(desk: Inbox) -> None:
    agent = make_agent()
    for end in ("revoke", "expire", "leave"):
        api = api_with("tickets:read", agent=agent)
        assert api.get("tickets").status_code == 200
        made = tokens.ApiToken.objects.latest("pk")
        if end == "revoke":
            tokens.revoke(made.name)
        elif end == "expire":
            tokens.ApiToken.objects.filter(pk=made.pk).update(expires_at=made.created_at)
        else:
            agent.is_active = False
            agent.save()
        assert api.get("tickets").status_code == 401, end


def test_guessing_tokens_is_slowed_down(desk: Inbox) -> None:
    answers = [Api().get("tickets", Authorization="Bearer no") for _ in range(32)]
    assert [a.status_code for a in answers].count(429) == 2
    assert int(answers[-1]["Retry-After"]) >= 1
    assert api_with("tickets:read").get("tickets").status_code == 200


def test_sessions_and_cookies_open_nothing(desk: Inbox) -> None:
    api = Api()
    api.client.force_login(make_agent(), backend="django.contrib.auth.backends.ModelBackend")
    assert api.get("tickets").status_code == 401


def test_no_answer_allows_another_origin(api: Api) -> None:
    answer = api.get("tickets", Origin="https://evil.example.org")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert api("OPTIONS", "tickets").status_code == 405


def test_views_take_their_rows_from_access_alone() -> None:
    room = Path(__file__).resolve().parents[2] / "api"
    for name in ("tickets", "contacts", "attachments", "catalogue", "status", "lists", "changes"):
        tree = ast.parse((room / f"{name}.py").read_text())
        taken = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "objects"]
        assert not taken, name
