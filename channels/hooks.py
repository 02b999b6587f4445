"""The webhook door: a call is proved, stored as it came, and understood later.

``/hooks/<account>/<provider>/`` takes mail from the provider that the account names;
``/hooks/<account>/`` is for every other kind of channel, proved by its own adapter.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from channels import receipts
from channels.adapters.email import Email
from channels.base import Forged, Unreadable
from channels.models import Account
from channels.providers import proof, sns
from channels.providers.request import ProviderRequest
from support import http, ratelimit, web

logger = logging.getLogger(__name__)

_MINUTE = timedelta(minutes=1)
#: Base64, and a text beside the raw mail: a call is this much bigger than the mail in it.
_OVERHEAD = 2
#: What is kept of a call's headers. Never who called with which password.
_KEPT = ("Content-Type", "User-Agent")


class _Refusal(Exception):
    """The call ends here, with this answer."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@csrf_exempt
def receive(request: HttpRequest, account: UUID, provider: str = "") -> HttpResponse:
    """One call. The same call again is answered the same, and stored once."""
    if request.method == "HEAD":  # some providers try the address so before they use it
        return HttpResponse()
    if request.method != "POST":
        return _answer(405, "POST only", Allow="POST, HEAD")
    try:
        _count(f"hook-client:{ratelimit.client_key(web.client_ip(request))}")
        _take(request, _account(account, provider), provider)
    except _Refusal as refusal:
        return _answer(refusal.status, str(refusal), **refusal.headers)
    except Forged as error:
        logger.warning("a call to %s was refused: %s", account, str(error).partition("\n")[0])
        return _answer(403, "this call proves nothing")
    except Unreadable as error:
        return _answer(400, f"not understood: {error}")
    except (DatabaseError, http.Unreachable):
        logger.exception("a call to %s cannot be taken now", account)
        return _answer(503, "not possible right now", Retry_After="30")
    return _answer(200, "taken")


def _count(key: str) -> None:
    verdict = ratelimit.hit(key, limit=settings.HARBOUR_SMTP_RATE, window=_MINUTE)
    if not verdict.allowed:
        raise _Refusal(429, "too many calls", Retry_After=str(int(verdict.retry_after) + 1))


def _account(uuid: UUID, provider: str) -> Account:
    """Refuses in the same words whatever it is that does not exist."""
    account = Account.objects.filter(uuid=uuid, is_active=True).first()
    if account is not None:
        is_mail = account.kind == Email.kind
        named = account.settings.get("provider", "") if is_mail else ""
        if provider == named and is_mail == bool(provider):
            return account
    raise _Refusal(404, "no such webhook")


def _take(request: HttpRequest, account: Account, provider: str) -> None:
    body = _body(request)
    verdict = ratelimit.hit(f"hook:{account.pk}", limit=settings.HARBOUR_SMTP_RATE, window=_MINUTE)
    if not verdict.allowed:
        raise _Refusal(429, "too many calls", Retry_After=str(int(verdict.retry_after) + 1))
    if provider:
        _take_mail(request, account, provider, body)
        return
    account.adapter.verify(request.headers, body)
    meta = {"door": "hook", "headers": _kept(request)}
    receipts.accept(account, body, meta)


def _take_mail(request: HttpRequest, account: Account, provider: str, body: bytes) -> None:
    if provider == proof.AMAZON_SES and _must_ask_for_user(request, account.settings):
        raise _Refusal(401, "who are you?", WWW_Authenticate='Basic realm="webhook"')
    call = ProviderRequest(body, dict(request.headers))
    url = settings.HARBOUR_URL.rstrip("/") + request.get_full_path()
    proof.check(provider, call, account.settings, url=url)
    if provider == proof.AMAZON_SES and _is_about_subscription(body):
        return
    meta = {"door": "anymail", "provider": provider, "headers": _kept(request)}
    receipts.accept(account, body, meta, provider_key=proof.replay_key(provider, call))


def _must_ask_for_user(request: HttpRequest, config: dict[str, Any]) -> bool:
    """SNS sends its user and password only once it was asked for them."""
    return bool(config.get("webhook_secret")) and "Authorization" not in request.headers


def _is_about_subscription(body: bytes) -> bool:
    message = sns.parse(body)
    if message["Type"] == "SubscriptionConfirmation":
        sns.confirm(message)
    return message["Type"] != "Notification"


def _body(request: HttpRequest) -> bytes:
    """Read past Django's own limit, which is made for forms and not for mails."""
    limit = _OVERHEAD * settings.HARBOUR_MAIL_LIMIT
    try:
        declared = int(request.META.get("CONTENT_LENGTH") or 0)
        body = b"" if declared > limit else request.read(limit + 1)
    except (OSError, ValueError) as error:
        raise _Refusal(400, "the call was cut off") from error
    if declared > limit or len(body) > limit:
        raise _Refusal(413, f"larger than {limit} bytes")
    if not body:
        raise _Refusal(400, "an empty call")
    return bytes(body)


def _kept(request: HttpRequest) -> dict[str, str]:
    return {name: request.headers[name][:500] for name in _KEPT if name in request.headers}


def _answer(status: int, text: str, **headers: str) -> HttpResponse:
    response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response
