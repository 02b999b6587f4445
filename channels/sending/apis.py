"""Sending by a provider's API, through anymail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from channels.base import OutboundMessage, Outcome, Result
from channels.sending.answers import result

#: The providers a mailbox can send by, and what each calls its key.
KEY_OF = {
    "brevo": "api_key",
    "mailersend": "api_token",
    "mailgun": "api_key",
    "mailtrap": "api_token",
    "mandrill": "api_key",
    "postmark": "server_token",
    "resend": "api_key",
    "sendgrid": "api_key",
    "sparkpost": "api_key",
}


def backend(name: str, key: str, options: Mapping[str, str]) -> BaseEmailBackend:
    """A connection with keys of its own, whatever the installation's are."""
    made: Any = import_string(f"anymail.backends.{name}.EmailBackend")
    connection: BaseEmailBackend = made(**{**options, KEY_OF[name]: key})
    return connection


def send_one(
    backend: BaseEmailBackend, mail: EmailMultiAlternatives, message: OutboundMessage
) -> Result:
    try:
        backend.send_messages([mail])
    except AnymailRecipientsRefused as error:
        everybody = {parseaddr(each)[1].lower(): str(error)[:500] for each in mail.recipients()}
        return replace(result(message, Outcome.NEVER, str(error)), refused=everybody)
    except AnymailAPIError as error:
        status = error.status_code or 0
        if status in (401, 403):  # the key is wrong, not this mail
            return result(message, Outcome.LATER, str(error)[:500])
        refused = 400 <= status < 500 and status != 429
        return result(message, Outcome.NEVER if refused else Outcome.LATER, str(error)[:500])
    except (AnymailError, OSError) as error:
        return result(message, Outcome.UNKNOWN, f"{type(error).__name__}: {error}"[:500])
    refused = _refused(mail)
    reason = refused.get(message.to.lower(), "")
    answer = result(message, Outcome.NEVER if reason else Outcome.SENT, reason)
    return replace(answer, refused=refused)


def _refused(mail: EmailMultiAlternatives) -> dict[str, str]:
    """Whom the provider did not take, as it says of each recipient of the call."""
    told = getattr(mail, "anymail_status", None)
    statuses = told.recipients if told else {}
    return {
        address.lower(): f"the provider says: {each.status}"
        for address, each in statuses.items()
        if each.status in ("invalid", "rejected", "failed")
    }
