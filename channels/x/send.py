"""What leaves for X, and what its answers mean.

A direct message is one call; a public answer is a post in reply to the one it answers. X lets apps
reply to a post only if its author has mentioned or quoted the account.
"""

from __future__ import annotations

import re

from redis import RedisError

from channels.base import OutboundMessage, Outcome, Result
from channels.x.api import Api, wait_of
from support.http import Answer
from support.redis import client
from tickets.files import open_file

POST = "post:"
#: The link by which a public talk goes on in private has a field of its own.
_DEEP_LINK = re.compile(r"\s*(https://(?:x|twitter)\.com/messages/compose\?recipient_id=\d+\S*)")
_DAY = 24 * 3600


class NoFile(Exception):
    """X does not take the file; ``answer`` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("no file")
        self.answer = answer


def send_one(api: Api, own_id: str, message: OutboundMessage) -> Answer:
    is_post = message.is_public or message.thread.startswith(POST)
    try:
        media = _uploaded(api, message, "tweet_image" if is_post else "dm_image")
    except NoFile as refused:
        return refused.answer
    if is_post:
        return _post(api, own_id, message, media)
    body: dict[str, object] = {"text": message.text} if message.text else {}
    if media:
        body["attachments"] = [{"media_id": each} for each in media]
    person = participant(message.thread or message.to, own_id)
    return api.post(f"/dm_conversations/with/{person}/messages", body)


def participant(thread: str, own_id: str) -> str:
    """The other one of a conversation; the people of one are named in it."""
    others = [each for each in thread.split("-") if each and each != own_id]
    return others[0] if others else own_id


def result_of(own_id: str, message: OutboundMessage, answer: Answer) -> Result:
    """Raises ``ValueError`` or its like for what is no answer of X's."""
    if answer.status >= 500:
        outcome = Outcome.LATER if answer.status == 503 else Outcome.UNKNOWN
        return Result(key=message.key, outcome=outcome, detail=f"X answers {answer.status}")
    said = answer.json()
    if answer.is_ok and (data := said.get("data")):
        number = str(data.get("dm_event_id") or data["id"])
        _note(own_id, message.thread, number)
        return Result(key=message.key, outcome=Outcome.SENT, external_id=number)
    problem = (said.get("errors") or [{}])[0]
    why = str(said.get("detail") or problem.get("detail") or problem.get("message") or "")
    kind = str(said.get("type") or problem.get("type") or "").rpartition("/")[2]
    return Result(
        key=message.key,
        outcome=_outcome(answer.status, kind, why.lower(), message),
        detail=f"{answer.status} {why or said.get('title', '')}"[:300],
        retry_after=wait_of(answer) if answer.status == 429 else None,
    )


def _outcome(status: int, kind: str, why: str, message: OutboundMessage) -> Outcome:
    if status == 429:
        return Outcome.LATER
    if status in (401, 402) or kind in ("client-forbidden", "oauth1-permissions"):
        return Outcome.SIGN_IN
    if status == 403 and ("your account" in why or "suspended" in why):
        return Outcome.SIGN_IN
    is_private = not (message.is_public or message.thread.startswith(POST))
    if status == 403 and is_private and "duplicate" not in why:
        return Outcome.BLOCKED
    return Outcome.NEVER


def _post(api: Api, own_id: str, message: OutboundMessage, media: list[str]) -> Answer:
    answered = message.in_reply_to or _noted(own_id, message.thread)
    body: dict[str, object] = {
        "text": _DEEP_LINK.sub("", message.text),
        "reply": {"in_reply_to_tweet_id": answered or message.thread.removeprefix(POST)},
    }
    if link := _DEEP_LINK.search(message.text):
        body["direct_message_deep_link"] = link[1]
    elif media:
        body["media"] = {"media_ids": media}
    return api.post("/tweets", body)


def _uploaded(api: Api, message: OutboundMessage, category: str) -> list[str]:
    """Raises ``NoFile``, or ``OSError`` for what storage does not give out."""
    ids = []
    for file in message.files:
        with open_file(file.key) as content:
            answer = api.upload(file.name, file.content_type, content.read(), category)
        if not answer.is_ok:
            raise NoFile(answer)
        ids.append(str(answer.json()["data"]["id"]))
    return ids


def _note(own_id: str, thread: str, number: str) -> None:
    """The next part of a long public answer replies to this one."""
    if thread.startswith(POST):
        try:
            client().set(f"x-last:{own_id}:{thread}", number, ex=_DAY)
        except RedisError:
            return


def _noted(own_id: str, thread: str) -> str:
    try:
        kept = client().get(f"x-last:{own_id}:{thread}")
    except RedisError:
        return ""
    return kept.decode() if isinstance(kept, bytes) else ""
