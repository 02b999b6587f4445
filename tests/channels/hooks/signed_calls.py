"""The providers that sign what they say."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
import uuid
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.channels.hooks.calls import (
    API_KEY,
    FILE,
    HEADERS,
    INBOX,
    KEY,
    RAW,
    SENDER,
    SUBJECT,
    TEXT,
    Call,
    form,
    hex_mac,
    ok,
)

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-in"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c3d4e.pem"


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
