"""Posts the call of a provider to the webhook of an account."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings as configured
from django.test import Client

from channels.models import Account
from tests.channels.hooks import calls, signed_calls, user_calls
from tests.channels.hooks.calls import Call
from tests.factories import make_account

CLIENT = Client(enforce_csrf_checks=True)
#: Mandrill is not here: its signature needs the account's address.
CALLS: dict[str, Callable[[], Call]] = {
    "amazon_ses": signed_calls.amazon_ses,
    "amazon_ses_version_1": lambda: signed_calls.amazon_ses(version="1"),
    "brevo": user_calls.brevo,
    "mailersend": signed_calls.mailersend,
    "mailgun": signed_calls.mailgun,
    "mailgun_parsed": signed_calls.mailgun_parsed,
    "mailjet": user_calls.mailjet,
    "mailtrap": signed_calls.mailtrap,
    "postal": signed_calls.postal,
    "postmark": user_calls.postmark,
    "postmark_parsed": user_calls.postmark_parsed,
    "resend": signed_calls.resend,
    "resend_parsed": signed_calls.resend_parsed,
    "sendgrid": user_calls.sendgrid,
    "sendgrid_parsed": user_calls.sendgrid_parsed,
    "sparkpost": user_calls.sparkpost,
}
EVERY = [*CALLS, "mandrill"]


def account_for(call: Call) -> Account:
    return make_account(settings={"provider": call.provider, **call.config})


def where(account: Account, provider: str = "") -> str:
    return f"/hooks/{account.uuid}/" + (f"{provider}/" if provider else "")


def post(account: Account, call: Call) -> int:
    address = where(account, call.provider)
    headers = call.headers
    kind = call.content_type
    return CLIENT.generic(
        "POST", address, call.body, content_type=kind, headers=headers
    ).status_code


def mandrill() -> tuple[Account, Call]:
    account = make_account(settings={"provider": "mandrill", "webhook_signing_key": calls.KEY})
    return account, signed_calls.mandrill(configured.HARBOUR_URL + where(account, "mandrill"))


def set_up(name: str) -> tuple[Account, Call]:
    if name == "mandrill":
        return mandrill()
    call = CALLS[name]()
    return account_for(call), call
