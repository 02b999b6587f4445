"""Amazon SNS: who signed a message, checked against Amazon's own certificate.

A valid signature alone proves only that *some* Amazon customer sent it, so the topic must
be one that we were told to trust. https://docs.aws.amazon.com/sns/latest/dg/
sns-verify-signature-of-message.html
"""

from __future__ import annotations

import binascii
import json
import logging
import re
from base64 import b64decode
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from channels.base import Forged, Unreadable
from support import http

logger = logging.getLogger(__name__)

_ARN = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]{3,40}):\d{12}:[\w.-]{1,256}")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{8,80}\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303


def parse(body: bytes) -> dict[str, str]:
    """The message; raises ``Unreadable`` when it is none."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("no JSON") from error
    if not isinstance(message, dict) or message.get("Type") not in _SIGNED:
        raise Unreadable("no SNS message")
    return {name: value for name, value in message.items() if isinstance(value, str)}


def verify(message: dict[str, str], topics: Collection[str]) -> None:
    """Raise ``Forged`` unless Amazon signed ``message`` and we trust its topic.

    Raises ``http.Unreachable`` when Amazon's certificate cannot be had now.
    """
    topic = message.get("TopicArn", "")
    if topic not in topics or not (arn := _ARN.fullmatch(topic)):
        raise Forged("an SNS topic that is not trusted")
    algorithm = _HASHES.get(message.get("SignatureVersion", ""))
    if algorithm is None:
        raise Forged("an unknown SNS signature version")
    url = message.get("SigningCertURL", "")
    if not _is_amazons(url, arn[1]) or not _CERTIFICATE.fullmatch(urlsplit(url).path):
        raise Forged("an SNS certificate from elsewhere")
    key = _public_key(url)
    try:
        signature = b64decode(message.get("Signature", ""), validate=True)
        key.verify(signature, _signed_text(message), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Forged("a wrong SNS signature") from error


def confirm(message: dict[str, str]) -> None:
    """Accept the subscription of a verified message. Raises ``http.Unreachable``."""
    arn = _ARN.fullmatch(message["TopicArn"])
    url = message.get("SubscribeURL", "")
    if arn is None or not _is_amazons(url, arn[1]):
        raise Forged("an SNS subscription that would be confirmed elsewhere")
    answer = http.get(url)
    if not answer.is_ok:
        raise http.Unreachable(f"SNS answered {answer.status}")
    logger.warning("subscribed to %s", message["TopicArn"])


def event_of(message: dict[str, str]) -> dict[str, Any]:
    """What a notification tells; empty when it is not about a mail."""
    try:
        event = json.loads(message.get("Message", ""))
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def region_of(message: dict[str, str]) -> str:
    arn = _ARN.fullmatch(message.get("TopicArn", ""))
    return arn[1] if arn else ""


def _is_amazons(url: str, region: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = (f"sns.{region}.amazonaws.com", f"sns.{region}.amazonaws.com.cn")
    return parts.scheme == "https" and parts.netloc in hosts


def _signed_text(message: dict[str, str]) -> bytes:
    names = [name for name in _SIGNED[message["Type"]] if name in message]
    return "".join(f"{name}\n{message[name]}\n" for name in names).encode()


def _public_key(url: str) -> rsa.RSAPublicKey:
    certificate = _certificate(url)
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Forged("an SNS certificate out of its time")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise Forged("an SNS certificate of another kind")
    return key


@lru_cache(maxsize=16)
def _certificate(url: str) -> x509.Certificate:
    """Fetched once by each process: Amazon renews them under new names."""
    answer = http.get(url)
    if 400 <= answer.status < 500:
        raise Forged("an SNS certificate that Amazon does not know")
    if not answer.is_ok:
        raise http.Unreachable(f"Amazon's certificate: {answer.status}")
    try:
        return x509.load_pem_x509_certificate(answer.body)
    except ValueError as error:
        raise Forged("an SNS certificate that is none") from error
