"""A call of each provider that hands over the same mail, proved as that provider proves it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
import uuid
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from support.http import Answer

FILE = bytes(range(256)) * 40 + b"\r\n\r\n--x--\r\n\r\r\n\n"
SUBJECT, TEXT = "Kessel für 港湾 leaks", "It leaks.\r\nBitte helfen – 请帮忙."
HTML = "<p>It <b>leaks</b>.</p><img src='cid:pic1'>"
SENDER, INBOX = "ann@example.org", "support@example.com"
USER, KEY, API_KEY = "hook:s3cret-pass", "key-0123456789abcdef", "api-42"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-in"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c3d4e.pem"

HEADERS = [
    ("From", f"Ann <{SENDER}>"),
    ("To", INBOX),
    ("Subject", SUBJECT),
    ("Message-ID", "<hook-1@example.org>"),
    ("Date", "Mon, 02 Mar 2026 12:00:00 +0000"),
]
RAW = "\r\n".join(
    [
        *(f"{name}: {value}" for name, value in HEADERS),
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="bb"',
        "",
        "--bb",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        TEXT,
        "--bb",
        "Content-Type: application/octet-stream",
        'Content-Disposition: attachment; filename="data.bin"',
        "Content-Transfer-Encoding: base64",
        "",
        b64encode(FILE).decode(),
        "--bb--",
        "",
    ]
)


@dataclass
class Call:
    """What is posted, with what the account must know, and what else is on the network."""

    provider: str
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    config: dict[str, str] = field(default_factory=dict)
    internet: dict[str, Answer] = field(default_factory=dict)

    def but(self, **changes: Any) -> Call:
        return replace(self, **changes)


def ok(body: bytes | str | dict[str, Any]) -> Answer:
    if isinstance(body, dict):
        body = json.dumps(body)
    return Answer(200, {}, body.encode() if isinstance(body, str) else body)


def by_user(provider: str, body: Any, **values: Any) -> Call:
    """A call proved by user and password."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": "Basic " + b64encode(USER.encode()).decode()}
    return Call(provider, content, headers=headers, config={"webhook_secret": USER}, **values)


def form(fields: dict[str, str | bytes], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    """A multipart form: its body and content type."""
    mark = secrets.token_hex(12)
    out = b""
    for name, value in fields.items():
        content = value.encode() if isinstance(value, str) else value
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        out += head.encode() + content + b"\r\n"
    for name, (filename, content) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"'
        out += (head + "\r\nContent-Type: application/octet-stream\r\n\r\n").encode()
        out += content + b"\r\n"
    return out + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def hex_mac(body: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


@lru_cache(maxsize=1)
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@lru_cache(maxsize=1)
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(rsa_key().public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(rsa_key(), hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


def sns(message: dict[str, str], version: str = "2", **changes: str) -> Call:
    """An SNS message signed by our own certificate, at Amazon's address."""
    said = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": TOPIC,
        "Timestamp": "2026-03-02T12:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **message,
    }
    names = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token")
    signed = "".join(f"{n}\n{said[n]}\n" for n in (*names, "TopicArn", "Type") if n in said)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303
    signature = rsa_key().sign(signed.encode(), padding.PKCS1v15(), algorithm)
    said["Signature"] = b64encode(signature).decode()
    return Call(
        "amazon_ses",
        json.dumps(said | changes).encode(),
        "text/plain; charset=UTF-8",
        config={"topics": TOPIC},
        internet={CERTIFICATE_URL: ok(certificate())},
    )


def amazon_ses(**values: str) -> Call:
    event = {
        "notificationType": "Received",
        "mail": {"source": SENDER, "messageId": "m1"},
        "receipt": {"recipients": [INBOX], "action": {"type": "SNS", "encoding": "BASE64"}},
        "content": b64encode(RAW.encode()).decode(),
    }
    return sns({"Message": json.dumps(event)}, **values)


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


def mailersend() -> Call:
    data = {
        "id": secrets.token_hex(8),
        "raw": RAW,
        "sender": {"email": SENDER},
        "recipients": {"rcptTo": [{"email": INBOX}]},
    }
    body = json.dumps({"type": "inbound.message", "data": data}).encode()
    config = {"webhook_signing_key": KEY}
    return Call("mailersend", body, headers={"Signature": hex_mac(body)}, config=config)


def mailgun_proof(when: float | None = None) -> dict[str, str]:
    timestamp, token = str(int(when or time.time())), secrets.token_hex(25)
    signature = hex_mac(f"{timestamp}{token}".encode())
    return {"timestamp": timestamp, "token": token, "signature": signature}


def mailgun(when: float | None = None, **changes: str) -> Call:
    fields: dict[str, str | bytes] = {"sender": SENDER, "recipient": INBOX, "body-mime": RAW}
    body, content_type = form(fields | mailgun_proof(when) | changes, {})
    return Call("mailgun", body, content_type, config={"webhook_signing_key": KEY})


def mailgun_parsed() -> Call:
    fields: dict[str, str | bytes] = {
        "sender": SENDER,
        "recipient": INBOX,
        "message-headers": json.dumps(HEADERS),
        "body-plain": TEXT,
        "attachment-count": "1",
        **mailgun_proof(),
    }
    body, content_type = form(fields, {"attachment-1": ("data.bin", FILE)})
    return Call("mailgun", body, content_type, config={"webhook_signing_key": KEY})


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


def mailtrap() -> Call:
    event = {"event": "inbound.message_received", "inbox_id": 7, "message_id": "m1"}
    body = json.dumps({"events": [event | {"event_id": secrets.token_hex(4)}]}).encode()
    config = {"webhook_signing_key": KEY, "api_key": API_KEY}
    internet = {
        "https://mailtrap.io/api/inbound/inboxes/7/messages/m1": ok(
            {"raw_message_url": "https://s3.example.net/raw"}
        ),
        "https://s3.example.net/raw": ok(RAW),
    }
    headers = {"Mailtrap-Signature": hex_mac(body)}
    return Call("mailtrap", body, headers=headers, config=config, internet=internet)


def mandrill(url: str) -> Call:
    event = {"event": "inbound", "ts": int(time.time()), "msg": {"raw_msg": RAW, "email": INBOX}}
    events = json.dumps([event])
    signed = (url + "mandrill_events" + events).encode()
    mark = b64encode(hmac.new(KEY.encode(), signed, hashlib.sha1).digest()).decode()
    body = urlencode({"mandrill_events": events}).encode()
    kind = "application/x-www-form-urlencoded"
    config = {"webhook_signing_key": KEY}
    return Call("mandrill", body, kind, headers={"X-Mandrill-Signature": mark}, config=config)


def postal() -> Call:
    said = {"id": secrets.randbelow(10**9), "rcpt_to": INBOX, "mail_from": SENDER, "base64": True}
    body = json.dumps(said | {"message": b64encode(RAW.encode()).decode()}).encode()
    mark = rsa_key().sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    public = (
        rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    headers = {"X-Postal-Signature": b64encode(mark).decode()}
    config = {"webhook_signing_key": b64encode(public).decode()}
    return Call("postal", body, headers=headers, config=config)


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


def resend() -> Call:
    key = b64encode(b"0123456789abcdef01234567")
    data = {"email_id": "e-1", "to": [INBOX]}
    body = json.dumps({"type": "email.received", "data": data}).encode()
    call_id, now = f"msg_{secrets.token_hex(8)}", str(int(time.time()))
    mark = hmac.new(
        b"0123456789abcdef01234567", f"{call_id}.{now}.".encode() + body, hashlib.sha256
    )
    headers = {
        "svix-id": call_id,
        "svix-timestamp": now,
        "svix-signature": "v1," + b64encode(mark.digest()).decode(),
    }
    config = {"webhook_signing_key": "whsec_" + key.decode(), "api_key": API_KEY}
    internet = {
        "https://api.resend.com/emails/receiving/e-1": ok(
            {"raw": {"download_url": "https://cdn.example.net/e-1"}}
        ),
        "https://cdn.example.net/e-1": ok(RAW),
    }
    return Call("resend", body, headers=headers, config=config, internet=internet)


def resend_parsed() -> Call:
    fields = dict(HEADERS)
    told = {
        "from": fields["From"],
        "to": [INBOX],
        "subject": SUBJECT,
        "message_id": fields["Message-ID"],
        "text": TEXT,
        "attachments": [{"filename": "data.bin", "download_url": "https://cdn.example.net/a"}],
    }
    internet = {
        "https://api.resend.com/emails/receiving/e-1": ok(told),
        "https://cdn.example.net/a": ok(FILE),
    }
    return resend().but(internet=internet)


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


#: Mandrill is not here: its signature needs the account's address.
CALLS: dict[str, Callable[[], Call]] = {
    "amazon_ses": amazon_ses,
    "amazon_ses_version_1": lambda: amazon_ses(version="1"),
    "brevo": brevo,
    "mailersend": mailersend,
    "mailgun": mailgun,
    "mailgun_parsed": mailgun_parsed,
    "mailjet": mailjet,
    "mailtrap": mailtrap,
    "postal": postal,
    "postmark": postmark,
    "postmark_parsed": postmark_parsed,
    "resend": resend,
    "resend_parsed": resend_parsed,
    "sendgrid": sendgrid,
    "sendgrid_parsed": sendgrid_parsed,
    "sparkpost": sparkpost,
}
