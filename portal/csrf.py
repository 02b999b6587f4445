"""CSRF protection for forms on pages whose address is a secret.

Such pages are sent with ``Referrer-Policy: no-referrer``, and browsers then post their forms
with ``Origin: null`` (Fetch, "append a request Origin header"), which Django refuses although
the form carries our token. Here the token alone decides, as it does where no Origin is sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH, CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

_LETTERS = str(CSRF_ALLOWED_CHARS)
View = Callable[..., HttpResponseBase]


class TokenDecides(CsrfViewMiddleware):
    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META["HTTP_ORIGIN"] == "null":
            return True
        return bool(super()._origin_verified(request))  # type: ignore[misc]


_by_token: Callable[[View], Any] = decorator_from_middleware(TokenDecides)


def from_quiet_page(view: View) -> View:
    """For views that forms on a quiet page post to: their token is still demanded."""
    exempt: View = csrf_exempt(_by_token(view))
    return exempt


def cheap_token(request: HttpRequest) -> str:
    """Django's ``get_token`` with two reads of the system's randomness in place of 64.

    Each read lets go of the interpreter, and where many ask at once another thread takes it.
    """
    secret = request.META.get("CSRF_COOKIE") or secrets.token_hex(CSRF_SECRET_LENGTH // 2)
    request.META.update(CSRF_COOKIE=secret, CSRF_COOKIE_NEEDS_UPDATE=True)
    mask = secrets.token_hex(CSRF_SECRET_LENGTH // 2)
    return mask + "".join(map(_shifted, secret, mask))


def _shifted(char: str, by: str) -> str:
    place = _LETTERS.index(char) + _LETTERS.index(by)
    return _LETTERS[place % len(_LETTERS)]
