"""The rest of a mail, from those providers whose call only announces it."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import quote

from django.conf import settings

from channels.base import Unreadable
from channels.providers.compose import File, compose
from support import http

_SECONDS = 60.0
_AGAIN = (408, 425, 429)
_GONE = ("NoSuchKey", "NoSuchBucket", "AccessDenied", "404", "403")


def brevo_attachment(token: str, api_key: str) -> bytes:
    """One file of a mail that Brevo took in."""
    url = f"https://api.brevo.com/v3/inbound/attachments/{quote(token, safe='')}"
    return _get(url, {"api-key": api_key}).body


def mailtrap_mail(inbox_id: int | str, message_id: str, token: str) -> bytes:
    """The raw mail, from the signed address that Mailtrap's API names."""
    path = f"inboxes/{quote(str(inbox_id), safe='')}/messages/{quote(message_id, safe='')}"
    headers = {"Authorization": f"Bearer {token}"}
    told = _get(f"https://mailtrap.io/api/inbound/{path}", headers).json()
    return _get(told["raw_message_url"], {}).body


def resend_mail(email_id: str, api_key: str) -> bytes:
    """The raw mail where Resend kept it, else one written from its fields."""
    url = f"https://api.resend.com/emails/receiving/{quote(email_id, safe='')}"
    told = _get(url, {"Authorization": f"Bearer {api_key}"}).json()
    if where := (told.get("raw") or {}).get("download_url"):
        return _get(where, {}).body
    return compose(
        _resend_headers(told),
        text=told.get("text") or "",
        html=told.get("html") or "",
        files=[_resend_file(part) for part in told.get("attachments") or []],
    )


def from_s3(bucket: str, key: str, region: str) -> bytes:
    """A mail that SES put into a bucket. Credentials are boto3's own: role or environment.

    boto3 takes 30 MB of memory in each process: only who receives mail by S3 pays for it.
    """
    boto3, botocore = import_module("boto3"), import_module("botocore.config")
    errors = import_module("botocore.exceptions")
    config = botocore.Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 2})
    client = boto3.client("s3", region_name=region, config=config)
    try:
        stored = client.get_object(Bucket=bucket, Key=key)
        if stored["ContentLength"] > settings.HARBOUR_MAIL_LIMIT:
            raise Unreadable(f"a mail larger than {settings.HARBOUR_MAIL_LIMIT} bytes")
        return bytes(stored["Body"].read())
    except errors.ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            raise Unreadable(f"S3 does not hand over {bucket}/{key}: {error}") from error
        raise http.Unreachable(str(error)) from error
    except errors.BotoCoreError as error:
        raise http.Unreachable(str(error)) from error
    finally:
        client.close()


def _get(url: str, headers: dict[str, str]) -> http.Answer:
    limit = 2 * settings.HARBOUR_MAIL_LIMIT
    answer = http.get(url, headers=headers, limit=limit, seconds=_SECONDS)
    if answer.is_ok:
        return answer
    if 400 <= answer.status < 500 and answer.status not in _AGAIN:
        raise Unreadable(f"the provider does not hand over the mail: {answer.status}")
    raise http.Unreachable(f"the provider answered {answer.status}")


def _resend_headers(told: dict[str, Any]) -> list[tuple[str, str]]:
    given = told.get("headers") or {}
    if isinstance(given, list):
        headers = [(each["name"], each["value"]) for each in given]
    else:
        lists = [(n, v if isinstance(v, list) else [v]) for n, v in given.items()]
        headers = [(name, value) for name, values in lists for value in values]
    known = {name.lower() for name, _ in headers}
    fields = {
        "From": told.get("from"),
        "To": ", ".join(told.get("to") or []),
        "Cc": ", ".join(told.get("cc") or []),
        "Reply-To": ", ".join(told.get("reply_to") or []),
        "Subject": told.get("subject"),
        "Message-ID": told.get("message_id"),
        "Date": told.get("created_at"),
    }
    return headers + [(n, v) for n, v in fields.items() if v and n.lower() not in known]


def _resend_file(part: dict[str, Any]) -> File:
    return File(
        name=part.get("filename") or "",
        content_type=part.get("content_type") or "",
        content=_get(part["download_url"], {}).body,
        content_id=part.get("content_id") or "",
    )
