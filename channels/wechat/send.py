"""What leaves for a WeChat account's customers, and what the answers mean.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html;
the codes are those that WxJava knows (November 2026). WeChat gives a message no id,
and has no key that would drop a repetition.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from channels import wire
from channels.base import OutboundFile, OutboundMessage, Outcome, Result
from channels.wechat.calls import Api, code_of
from channels.wechat.tokens import API, preparing
from support.http import Answer
from tickets.files import open_file

#: What may be sent by itself, and what WeChat calls it.
TYPES = {
    "image/jpeg": "image", "image/png": "image", "image/gif": "image",
    "audio/amr": "voice", "audio/mpeg": "voice",
}  # fmt: skip
#: WeChat takes no ``\\u`` escapes (40033), and JSON has no other way to write these.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_OUTCOMES = {
    **dict.fromkeys((-1, 45009, 45011), Outcome.LATER),
    **dict.fromkeys((45015, 45047), Outcome.CLOSED),
    **dict.fromkeys((43004, 48002), Outcome.BLOCKED),
    **dict.fromkeys((40001, 40014, 42001, 41001), Outcome.SIGN_IN),  # the token, renewed in vain
    **dict.fromkeys((40013, 40125, 41002, 41004, 40243), Outcome.SIGN_IN),  # app id or secret
    **dict.fromkeys((40164, 89503, 89506, 89507), Outcome.SIGN_IN),  # our IP is not on their list
    **dict.fromkeys((48001, 48004, 50001, 50002), Outcome.SIGN_IN),  # the right to send is gone
}
_WAITS = {-1: 5.0, 45011: 60.0, 45009: 3600.0}  # 45009 is the quota of a whole day


def unfit(message: OutboundMessage) -> Result | None:
    """Why it is not even asked; None when it may be sent."""
    if not message.files:
        return None
    if message.text or message.files[0].content_type not in TYPES:
        why = "WeChat takes a picture or a voice message by itself, and no other file"
        return Result(key=message.key, outcome=Outcome.NEVER, detail=why)
    return None


def send_one(api: Api, message: OutboundMessage) -> Answer:
    """One part: its text, or one file."""
    if not message.files:
        return _send(api, message, "text", {"content": _CONTROLS.sub("", message.text)})
    file = message.files[0]
    uploaded = preparing(lambda: api.call(lambda token: _upload(token, file)))
    if code_of(uploaded):
        return uploaded
    media = {"media_id": uploaded.json()["media_id"]}
    return _send(api, message, TYPES[file.content_type], media)


def result_of(message: OutboundMessage, answer: Answer) -> Result:
    """Raises ``ValueError`` or ``KeyError`` for what is no answer of WeChat's."""
    said = answer.json()
    code, why = int(said["errcode"]), str(said.get("errmsg", ""))[:300]
    if code == 0:
        return Result(key=message.key, outcome=Outcome.SENT, external_id=message.external_id)
    return Result(
        key=message.key,
        outcome=_OUTCOMES.get(code, Outcome.NEVER),
        detail=f"{code} {why}",
        retry_after=_WAITS.get(code),
    )


def url(path: str, **query: str) -> str:
    return f"{API}/{path}?{urlencode(query)}"


def _send(api: Api, message: OutboundMessage, kind: str, content: dict[str, Any]) -> Answer:
    body = {"touser": message.to, "msgtype": kind, kind: content}
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json"}
    return api.call(
        lambda token: wire.post(
            url("message/custom/send", access_token=token), content=raw, headers=headers
        )
    )


def _upload(token: str, file: OutboundFile) -> Answer:
    with open_file(file.key) as content:
        held = ("media", file.name, file.content_type, content.read())
    body, kind = wire.multipart({}, [held])
    where = url("media/upload", access_token=token, type=TYPES[file.content_type])
    return wire.post(where, content=body, headers={"Content-Type": kind})
