"""Who calls, and what their token lets them do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions, permissions

from api import limits, scopes, tokens
from api.models import ApiToken
from api.problems import Problem
from people.models import User
from people.permissions import may

if TYPE_CHECKING:  # views read the settings that name this module
    from rest_framework.request import Request
    from rest_framework.views import APIView

#: Wrong tokens a client may try in a minute.
WRONG_TOKENS = 30


class BearerToken(authentication.BaseAuthentication):
    """``Authorization: Bearer hbr_live_…`` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[User | None, ApiToken] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        token = tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            limits.of_client(request, "wrong-tokens", WRONG_TOKENS).require()
            raise exceptions.AuthenticationFailed
        tokens.note_use(token)
        return token.agent, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Harbour"'


class HasScope(permissions.BasePermission):
    """Denies all that the view's ``scopes`` do not name; one of a method's scopes is enough."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            raise exceptions.NotAuthenticated
        method = "GET" if request.method == "HEAD" else str(request.method)
        needed: tuple[str, ...] | None = getattr(view, "scopes", {}).get(method)
        if needed is None:
            raise exceptions.MethodNotAllowed(method)
        if not any(is_granted(token, scope) for scope in needed):
            raise Problem("insufficient_scope", _needs(needed))
        return True


def is_granted(token: ApiToken, scope: str) -> bool:
    """Whether the token has ``scope``, and its agent may do what that means."""
    if scope not in token.scopes:
        return False
    return token.agent is None or may(token.agent, scopes.ACTIONS[scope])


def require_scope(request: Request, scope: str) -> None:
    """For bodies that decide which scope they need."""
    if not is_granted(token_of(request), scope):
        raise Problem("insufficient_scope", _needs((scope,)))


def _needs(scopes_needed: tuple[str, ...]) -> str:
    return _("It needs %(scopes)s.") % {"scopes": " / ".join(scopes_needed)}


def token_of(request: Request) -> ApiToken:
    token = request.auth
    if not isinstance(token, ApiToken):
        raise exceptions.NotAuthenticated
    return token
