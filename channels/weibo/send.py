"""What leaves for Weibo, and what its answers mean.

https://open.weibo.com/wiki/Send_Customer_Service_Message, /2/comments/reply, /2/comments/create
and /Error_code (pages of 2014, read November 2026). A private message gets no id from Weibo; no
key drops a repetition, but the same words again within a while are refused (20019, 20306).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from channels import wire
from channels.base import OutboundMessage, Outcome, Result
from support import http
from support.http import Answer

API = "https://api.weibo.com"
MESSAGES = "https://m.api.weibo.com"
PRIVATE_TEXT, PUBLIC_TEXT = 300, 140
_LATE = 20032  # published, and shown a little later
_OUTCOMES = {
    **dict.fromkeys((10001, 10003, 10010, 10011), Outcome.UNKNOWN),  # failed on the way
    **dict.fromkeys((10002, 10009, 10022, 10023, 10024, 20016, 21331), Outcome.LATER),
    **dict.fromkeys((21301, 21314, 21315, 21316, 21317, 21319, 21327, 21332), Outcome.SIGN_IN),
    **dict.fromkeys((10004, 10005, 10006, 10013, 10014, 20015, 20022, 21321), Outcome.SIGN_IN),
    **dict.fromkeys((20301, 20508, 20523), Outcome.BLOCKED),
}
#: Quotas are counted by the hour.
_WAITS = {10022: 900.0, 10023: 900.0, 10024: 900.0, 20016: 120.0}


def unfit(message: OutboundMessage, account_token: str) -> Result | None:
    """Why it is not even asked; None when it may be sent."""
    why = ""
    if message.files:
        why = "Weibo takes no files from us"
    elif message.is_public and len(message.text) > PUBLIC_TEXT:
        why = f"a comment holds {PUBLIC_TEXT} characters"
    elif message.is_public and not account_token:
        why = "there is no token for comments"
    return Result(key=message.key, outcome=Outcome.NEVER, detail=why) if why else None


def privately(token: str, message: OutboundMessage) -> Answer:
    data = json.dumps({"text": message.text}, ensure_ascii=False)
    form = {
        "access_token": token,
        "type": "text",
        "data": data,
        "receiver_id": message.to,
        "save_sender_box": 1,
    }
    return wire.post(f"{MESSAGES}/2/messages/reply.json", form=form)


def publicly(token: str, message: OutboundMessage) -> Answer:
    """Under the comment that it answers, or else under the post."""
    kind, _, number = message.in_reply_to.partition(":")
    post = message.thread.partition("/")[0]
    if kind == "comment" and not post:
        asked = _asked_about(token, number)
        found = asked.json()
        if isinstance(found, dict):
            return asked  # it is refused
        post = str(found[0]["status"]["id"]) if found else ""
    form = {"access_token": token, "id": post, "comment": message.text}
    if kind == "comment":
        return wire.post(f"{API}/2/comments/reply.json", form={**form, "cid": number})
    return wire.post(f"{API}/2/comments/create.json", form=form)


def result_of(message: OutboundMessage, answer: Answer) -> Result:
    """Raises ``ValueError`` or ``KeyError`` for what is no answer of Weibo's."""
    said = answer.json()
    code = said.get("error_code")
    if not code and answer.is_ok:
        number = f"comment:{said['id']}" if message.is_public else message.external_id
        return Result(key=message.key, outcome=Outcome.SENT, external_id=number)
    if code == _LATE:
        return Result(key=message.key, outcome=Outcome.SENT, external_id=message.external_id)
    outcome, why, wait = meaning_of(said)
    return Result(key=message.key, outcome=outcome, detail=why, retry_after=wait)


def meaning_of(said: Mapping[str, Any]) -> tuple[Outcome, str, float | None]:
    """What an error means, in Weibo's words, and when to ask again."""
    code = int(said["error_code"])
    why = f"{code} {said.get('error', '')}"[:300]
    return _OUTCOMES.get(code, Outcome.NEVER), why, _WAITS.get(code)


def _asked_about(token: str, number: str) -> Answer:
    """Under which post a comment stands; nothing has left yet, whatever goes wrong."""
    try:
        answer = wire.get(f"{API}/2/comments/show_batch.json", access_token=token, cids=number)
    except http.Unreachable as error:
        raise http.Unreachable(str(error)) from error
    if answer.status >= 500:
        raise http.Unreachable(f"Weibo answers {answer.status}")
    return answer
