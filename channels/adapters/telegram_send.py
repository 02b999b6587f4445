"""What leaves for Telegram, and what its answers mean.

Permanent: 403 (blocked, deactivated, never begun), 400 ``chat not found``. 401 and 404 say that
the token is no longer good. 429 names its own wait. There is no key that would drop a repetition.
"""

from __future__ import annotations

from collections.abc import Callable

from channels import wire
from channels.base import OutboundFile, OutboundMessage, Outcome, Result
from support.http import Answer
from tickets.files import open_file

Url = Callable[[str], str]


def send_one(url: Url, message: OutboundMessage) -> Answer:
    """One part: its text, or one file with the text as its caption."""
    chat, _, topic = (message.thread or message.to).partition("/")
    fields = {"chat_id": chat}
    if topic:
        fields["message_thread_id"] = topic
    if message.files:
        return _send_file(url, fields, message, message.files[0])
    body: dict[str, object] = {**fields, "text": message.text}
    if answered := message.in_reply_to.partition(":")[2]:
        body["reply_parameters"] = {
            "message_id": int(answered),
            "allow_sending_without_reply": True,
        }
    return wire.post(url("sendMessage"), json=body)


def _send_file(
    url: Url, fields: dict[str, str], message: OutboundMessage, file: OutboundFile
) -> Answer:
    is_photo = file.content_type in ("image/png", "image/jpeg")
    method, field = ("sendPhoto", "photo") if is_photo else ("sendDocument", "document")
    if message.text:
        fields = {**fields, "caption": message.text}
    with open_file(file.key) as content:
        body, kind = wire.multipart(fields, [(field, file.name, file.content_type, content.read())])
    return wire.post(url(method), content=body, headers={"Content-Type": kind})


def result_of(message: OutboundMessage, answer: Answer) -> Result:
    """Raises ``ValueError`` or ``KeyError`` for what is no answer of Telegram's."""
    said = answer.json()
    if said.get("ok"):
        sent = said["result"]
        number = f"{sent['chat']['id']}:{sent['message_id']}"
        return Result(key=message.key, outcome=Outcome.SENT, external_id=number)
    code, why = int(said["error_code"]), str(said.get("description", ""))[:300]
    wait = (said.get("parameters") or {}).get("retry_after")
    return Result(
        key=message.key,
        outcome=_outcome(code),
        detail=f"{code} {why}",
        retry_after=float(wait) if wait else None,
    )


def _outcome(code: int) -> Outcome:
    if code == 429:
        return Outcome.LATER
    if code == 403:
        return Outcome.BLOCKED
    if code in (401, 404):
        return Outcome.SIGN_IN
    return Outcome.UNKNOWN if code >= 500 else Outcome.NEVER
