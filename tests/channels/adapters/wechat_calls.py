"""Calls as WeChat makes them, in both modes."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from channels.base import Adapter, RawCall, WebhookCall
from channels.proofs import sorted_sha1
from channels.wechat.crypt import seal

TOKEN, APP_ID = "our-token", "wx00000000000000aa"
AES_KEY = "c2ltdWxhdGVkLXdlY2hhdC1hZXMta2V5LTMyLWJ5dGU"
OPENID = "oAbcdefghijklmnopqrstuvwxyz0"


def make(**values: Any) -> Adapter:
    given = {"app_id": APP_ID, "app_secret": "app-secret", "token": TOKEN, "aes_key": AES_KEY}
    return Adapter.registry["wechat"](**given | values)


SEALED, PLAIN = make(), make(aes_key="")


def xml(**fields: str) -> bytes:
    known = {"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": "1795300000"} | fields
    inside = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in known.items())
    return f"<xml>{inside}</xml>".encode()


def call(body: bytes, token: str = TOKEN, sealed: str = "", **values: Any) -> WebhookCall:
    when, nonce = str(int(timezone.now().timestamp())), "437374425"
    query = {
        "signature": sorted_sha1(token, when, nonce),
        "timestamp": when,
        "nonce": nonce,
        "msg_signature": sorted_sha1(token, when, nonce, sealed),
    }
    given = {"method": "POST", "query": query, "headers": {}, "at": timezone.now()} | values
    return WebhookCall(url="https://desk.example.com/hooks/x/", body=body, **given)


def encrypted(content: bytes, key: str = AES_KEY, app_id: str = APP_ID, **values: Any) -> Any:
    sealed = seal(content, key, app_id)
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()
    return call(body, sealed=sealed, **values)


def parse(body: bytes, adapter: Adapter = PLAIN) -> list[Any]:
    return list(adapter.parse(RawCall(body=body, meta={}, receipt_id=7)))
