"""Twilio's calls: forms signed together with the address they were sent to.

https://www.twilio.com/docs/usage/webhooks/webhooks-security (read November 2026). The key is the
auth token of the account, or subaccount, that owns the number; API keys sign nothing. The address
is ours as the world knows it: Twilio may name the default port in it or leave it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from channels.base import Forged, Unreadable, WebhookCall
from channels.proofs import base64_of, require_equal, require_hmac

EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
XML = "text/xml; charset=utf-8"
_PORTS = {"https": 443, "http": 80}


def verify(call: WebhookCall, auth_token: str) -> None:
    """Raises ``Forged``."""
    claimed = call.headers.get("X-Twilio-Signature", "")
    wrong = Forged("the signature is not Twilio's")
    for url in _addresses(call.url):
        try:
            require_hmac(claimed, auth_token, _signed(url, call), digest="sha1", encode=base64_of)
        except Forged as error:
            wrong = error
        else:
            return
    raise wrong


def read(body: bytes) -> dict[str, str]:
    """The fields of a form, without the null bytes that no database takes.

    Raises ``Unreadable`` for what is no form.
    """
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=500)
    except ValueError as error:
        raise Unreadable(f"no form of Twilio's: {type(error).__name__}") from error
    if not pairs:
        raise Unreadable("a form of Twilio's without fields")
    return {name: value.replace("\x00", "") for name, value in pairs}


def _signed(url: str, call: WebhookCall) -> bytes:
    """Each field once for each of its values, in order; a JSON body by its digest in the query."""
    if "bodySHA256" in call.query:
        require_equal(call.query["bodySHA256"], hashlib.sha256(call.body).hexdigest())
        return url.encode()
    pairs = parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    return (url + "".join(name + value for name, value in sorted(set(pairs)))).encode()


def _addresses(url: str) -> Iterator[str]:
    """The address as it is, with its default port, and without."""
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    bare = parts.netloc.removesuffix(f":{port}")
    yield url
    for netloc in (bare, f"{bare}:{port}" if ":" not in bare else bare):
        if netloc != parts.netloc:
            yield urlunsplit(parts._replace(netloc=netloc))
