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
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from channels import receipts
from channels.adapters.email import Email
from channels.base import Adapter, Forged, Unreadable, WebhookCall
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
    if request.method not in ("GET", "POST"):
        return _answer(405, "POST only", Allow="POST, HEAD")
    try:
        _count(f"hook-client:{ratelimit.client_key(web.client_ip(request))}")
        return _take(request, _account(account, provider), provider)
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


def _take(request: HttpRequest, account: Account, provider: str) -> HttpResponse:
    verdict = ratelimit.hit(f"hook:{account.pk}", limit=settings.HARBOUR_SMTP_RATE, window=_MINUTE)
    if not verdict.allowed:
        raise _Refusal(429, "too many calls", Retry_After=str(int(verdict.retry_after) + 1))
    if provider:
        _take_mail(request, account, provider)
        return _answer(200, "taken")
    call, adapter = _call(request), account.adapter
    reply = adapter.handshake(call)
    if reply is None:
        if request.method == "GET":
            raise _Refusal(405, "POST only", Allow="POST, HEAD")
        adapter.verify(call)
        _store(account, adapter, call, _facts(request, call))
        reply = adapter.answer(call)
    return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)


def _store(account: Account, adapter: Adapter, call: WebhookCall, facts: dict[str, Any]) -> None:
    """For each account that the call is for, or for none: the provider then calls again.

    A platform that has one address for all accounts of an app calls that of one of them.
    """
    kinds = [kind for kind, each in Adapter.registry.items() if each.app == adapter.app]
    others = Account.objects.filter(kind__in=kinds if adapter.app else [], is_active=True)
    also = [each for each in others.exclude(pk=account.pk) if each.adapter.concerns(call)]
    with transaction.atomic():
        for each in (account, *also):
            receipts.accept(each, call.body, facts)


def _call(request: HttpRequest) -> WebhookCall:
    """The call with the address that its provider signed: ours as the world knows it."""
    return WebhookCall(
        method=request.method or "",
        url=settings.HARBOUR_URL.rstrip("/") + request.get_full_path(),
        query=request.GET.dict(),
        headers=request.headers,
        body=_body(request) if request.method == "POST" else b"",
        at=timezone.now(),
    )


def _facts(request: HttpRequest, call: WebhookCall) -> dict[str, Any]:
    return {"door": "hook", "headers": _kept(request), "query": dict(call.query)}


def _take_mail(request: HttpRequest, account: Account, provider: str) -> None:
    if request.method == "GET":
        raise _Refusal(405, "POST only", Allow="POST, HEAD")
    body = _body(request)
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
