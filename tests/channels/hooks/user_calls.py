"""The providers that prove themselves by a user and a password."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode

from tests.channels.hooks.calls import (
    API_KEY,
    FILE,
    HEADERS,
    INBOX,
    RAW,
    SENDER,
    SUBJECT,
    TEXT,
    Call,
    by_user,
    form,
    ok,
)


def brevo() -> Call:
    item = {
        "Uuid": [str(uuid.uuid4())],
        "Headers": dict(HEADERS) | {"Return-Path": f"<{SENDER}>", "Delivered-To": INBOX},
        "RawTextBody": TEXT,
        "Attachments": [
            {"Name": "data.bin", "ContentType": "application/octet-stream", "DownloadToken": "t/1"}
        ],
    }
    call = by_user("brevo", {"items": [item]})
    call.config["api_key"] = API_KEY
    call.internet = {"https://api.brevo.com/v3/inbound/attachments/t%2F1": ok(FILE)}
    return call


def mailjet() -> Call:
    part = {
        "ContentRef": "Attachment1",
        "Headers": {
            "Content-Type": 'application/octet-stream; name="data.bin"',
            "Content-Disposition": 'attachment; filename="data.bin"',
        },
    }
    said = {"Sender": SENDER, "Recipient": INBOX, "Headers": dict(HEADERS), "Text-part": TEXT}
    return by_user("mailjet", said | {"Parts": [part], "Attachment1": b64encode(FILE).decode()})


def postmark() -> Call:
    said = {"MessageID": str(uuid.uuid4()), "OriginalRecipient": INBOX, "RawEmail": RAW}
    headers = [{"Name": "Return-Path", "Value": f"<{SENDER}>"}]
    return by_user("postmark", said | {"Headers": headers})


def postmark_parsed() -> Call:
    fields = dict(HEADERS)
    said = {
        "MessageID": str(uuid.uuid4()),
        "OriginalRecipient": INBOX,
        "From": fields["From"],
        "To": INBOX,
        "Subject": SUBJECT,
        "Date": fields["Date"],
        "TextBody": TEXT,
        "Headers": [
            {"Name": "Return-Path", "Value": f"<{SENDER}>"},
            {"Name": "Message-ID", "Value": fields["Message-ID"]},
        ],
        "Attachments": [
            {
                "Name": "data.bin",
                "ContentType": "application/octet-stream",
                "Content": b64encode(FILE).decode(),
            }
        ],
    }
    return by_user("postmark", said)


def _sendgrid(fields: dict[str, str | bytes], files: dict[str, tuple[str, bytes]]) -> Call:
    envelope = json.dumps({"from": SENDER, "to": [INBOX]})
    body, content_type = form(fields | {"envelope": envelope}, files)
    return by_user("sendgrid", body, content_type=content_type)


def sendgrid() -> Call:
    return _sendgrid({"email": RAW}, {})


def sendgrid_parsed() -> Call:
    fields: dict[str, str | bytes] = {
        "headers": "\n".join(f"{name}: {value}" for name, value in HEADERS),
        "text": TEXT.encode("gb18030"),
        "charsets": json.dumps({"text": "gb18030"}),
        "attachment-info": json.dumps({"attachment1": {"filename": "data.bin"}}),
    }
    return _sendgrid(fields, {"attachment1": ("data.bin", FILE)})


def sparkpost() -> Call:
    content = {"email_rfc822": b64encode(RAW.encode()).decode(), "email_rfc822_is_base64": True}
    relayed = {"msg_from": SENDER, "rcpt_to": INBOX, "protocol": "smtp", "content": content}
    return by_user("sparkpost", [{"msys": {"relay_message": relayed}}, {"msys": {}}])
