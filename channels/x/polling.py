"""Direct messages and mentions, asked for where no webhook reaches us.

The first time only the place to go on from is noted: what was there before us stays there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from channels.base import Polled
from channels.x.api import Api
from support.http import Answer

_PERSON = "name,username"


def since(api: Api, own_id: str, cursor: str) -> Polled:
    """The cursor names the newest message and the newest mention."""
    known = json.loads(cursor) if cursor else {}
    messages, dm = _messages(api, known.get("dm"))
    mentions, post = _mentions(api, own_id, known.get("post"))
    after = json.dumps({"dm": dm, "post": post})
    return Polled(bodies=tuple(messages + mentions), cursor=after)


def _messages(api: Api, last: str | None) -> tuple[list[bytes], str]:
    """The newest come first; there is no way to ask for those after one."""
    answer = api.get(
        "/dm_events",
        **{
            "event_types": "MessageCreate",
            "max_results": 100,
            "dm_event.fields": "id,text,sender_id,created_at,dm_conversation_id,attachments",
            "expansions": "sender_id,attachments.media_keys",
            "user.fields": _PERSON,
            "media.fields": "url",
        },
    )
    return _new(answer, last, "dm_event")


def _mentions(api: Api, own_id: str, last: str | None) -> tuple[list[bytes], str]:
    more = {"since_id": last} if last and last != "0" else {}
    answer = api.get(
        f"/users/{own_id}/mentions",
        **{
            "max_results": 100,
            "tweet.fields": "created_at,conversation_id,lang,referenced_tweets,note_tweet",
            "expansions": "author_id,attachments.media_keys",
            "user.fields": _PERSON,
            "media.fields": "url",
            **more,
        },
    )
    return _new(answer, last, "mention")


def _new(answer: Answer, last: str | None, name: str) -> tuple[list[bytes], str]:
    """What is newer than ``last``, the oldest first, and the newest id."""
    said: Mapping[str, Any] = answer.json() if answer.is_ok else {}
    found = sorted(said.get("data") or [], key=lambda each: int(each["id"]))
    newest = str(found[-1]["id"]) if found else last or "0"
    if not answer.is_ok:
        return [], last or ""
    if not last:
        return [], newest
    bodies = [
        json.dumps({name: each, **(said.get("includes") or {})}).encode()
        for each in found
        if int(each["id"]) > int(last)
    ]
    return bodies, newest
