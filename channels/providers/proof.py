"""Whether a call comes from the provider, and the key by which its repetitions are known."""

from __future__ import annotations

import hashlib
import json
import re
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.brevo import BrevoInboundWebhookView
from anymail.webhooks.mailersend import MailerSendInboundWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.mailjet import MailjetInboundWebhookView
from anymail.webhooks.mailtrap import MailtrapInboundWebhookView
from anymail.webhooks.mandrill import MandrillCombinedWebhookView
from anymail.webhooks.postal import PostalInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from anymail.webhooks.resend import ResendInboundWebhookView
from anymail.webhooks.sendgrid import SendGridInboundWebhookView
from anymail.webhooks.sparkpost import SparkPostInboundWebhookView
from django.conf import settings
from django.utils.crypto import constant_time_compare

from channels.base import Forged, Unreadable
from channels.providers import sns
from channels.providers.request import ProviderRequest

#: A clock may be this far ahead of ours.
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Provider:
    """How anymail proves a provider's calls: the view, and what it calls the signing key.

    ``requires_key`` is for those who always sign; the others may do with a user and password.
    """

    view: type[Any]
    key_name: str = ""
    requires_key: bool = False


AMAZON_SES = "amazon_ses"
PROVIDERS: dict[str, Provider | None] = {
    AMAZON_SES: None,  # see sns.py: anymail checks no signature
    "brevo": Provider(BrevoInboundWebhookView),
    "mailersend": Provider(MailerSendInboundWebhookView, "inbound_secret", requires_key=True),
    "mailgun": Provider(MailgunInboundWebhookView, "webhook_signing_key", requires_key=True),
    "mailjet": Provider(MailjetInboundWebhookView),
    "mailtrap": Provider(MailtrapInboundWebhookView, "inbound_secret"),
    "mandrill": Provider(MandrillCombinedWebhookView, "webhook_key", requires_key=True),
    "postal": Provider(PostalInboundWebhookView, "webhook_key", requires_key=True),
    "postmark": Provider(PostmarkInboundWebhookView),
    "resend": Provider(ResendInboundWebhookView, "inbound_secret"),
    "sendgrid": Provider(SendGridInboundWebhookView),
    "sparkpost": Provider(SparkPostInboundWebhookView),
}


def check(name: str, request: ProviderRequest, config: Mapping[str, Any], *, url: str) -> None:
    """Raise ``Forged`` unless the provider made this call, by every proof it is set up for.

    Without any proof set up, nobody is believed. Raises ``Unreadable`` for a call that is
    broken, and ``http.Unreachable`` when Amazon's certificate cannot be had now.
    """
    allowed = [pair for pair in str(config.get("webhook_secret", "")).split() if ":" in pair]
    provider = PROVIDERS[name]
    if provider is None:
        _check_sns(request, config, allowed)
        return
    key = str(config.get("webhook_signing_key", "")) if provider.key_name else ""
    if not key and (provider.requires_key or not allowed):
        raise Forged("no secret is set up for this webhook")
    options: dict[str, Any] = {"webhook_secret": allowed}
    if provider.key_name:
        options[provider.key_name] = key or None
    if name == "mandrill":
        options["webhook_url"] = _with_user(url, request)
    _check_by_anymail(provider, request, options)
    if name == "mailgun":
        _check_age(request.text("timestamp"))


def _check_by_anymail(
    provider: Provider, request: ProviderRequest, options: dict[str, Any]
) -> None:
    """Every option is given, or anymail would look for it in the settings of all accounts."""
    try:
        view = provider.view(**options, api_key="-", api_token="-")  # noqa: S106 - not needed here
        view.run_validators(request)
    except AnymailWebhookValidationFailure as error:
        raise Forged(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Forged(f"a proof that is broken: {type(error).__name__}") from error


def _check_age(timestamp: str) -> None:
    """Anymail checks Mailgun's signature, but not whether it was made lately."""
    if not re.fullmatch(r"\d{1,12}", timestamp):
        raise Unreadable("a timestamp that is none")
    age = time.time() - int(timestamp)
    if not -_AHEAD.total_seconds() <= age <= settings.HARBOUR_HOOK_AGE:
        raise Forged("a signature from another time")


def _check_sns(request: ProviderRequest, config: Mapping[str, Any], allowed: list[str]) -> None:
    message = sns.parse(request.body)
    if allowed:
        user = _user(request)
        if not any([constant_time_compare(user, pair) for pair in allowed]):  # noqa: C419
            raise Forged("a wrong user or password")
    sns.verify(message, {*settings.HARBOUR_SES_TOPICS, *str(config.get("topics", "")).split()})


def _user(request: ProviderRequest) -> str:
    scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(given).decode("utf-8", "replace")
    except ValueError:
        return ""


def _with_user(url: str, request: ProviderRequest) -> str:
    """Mandrill signs the address with the user and password that are in it."""
    scheme, _, rest = url.partition("://")
    user = _user(request)
    return f"{scheme}://{user}@{rest}" if user else url


def replay_key(name: str, request: ProviderRequest) -> str:
    """What a repeated call has in common with the first: its id, or else its bytes."""
    find = _IDS.get(name)
    try:
        found = str(find(request)) if find else ""
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError):
        found = ""
    if not found or len(found) > 200 or "\x00" in found:
        found = "sha256:" + hashlib.sha256(request.body).hexdigest()
    return f"{name}:{found}"


def _json(request: ProviderRequest) -> Any:
    return json.loads(request.body)


def _mailtrap_ids(request: ProviderRequest) -> str:
    """The event's own id may change when it is sent again."""
    events = _json(request)["events"]
    return ",".join(f"{each['inbox_id']}/{each['message_id']}" for each in events)


_IDS: dict[str, Callable[[ProviderRequest], Any]] = {
    AMAZON_SES: lambda request: _json(request)["MessageId"],
    "brevo": lambda request: ",".join(each["Uuid"][0] for each in _json(request)["items"]),
    "mailersend": lambda request: _json(request)["data"]["id"],
    "mailgun": lambda request: request.fields["token"].decode("ascii"),
    "mailtrap": _mailtrap_ids,
    "postal": lambda request: _json(request)["id"],
    "postmark": lambda request: _json(request)["MessageID"],
    "resend": lambda request: request.META["HTTP_SVIX_ID"],
}
