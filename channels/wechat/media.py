"""Files that customers sent: kept by WeChat for three days."""

from __future__ import annotations

import re
from collections.abc import Mapping

from channels import wire
from channels.base import Media, Unreadable
from channels.wechat.calls import Api, code_of, said_by
from channels.wechat.send import url
from support import http
from support.http import Answer

_LARGEST, _SECONDS = 20 * 1024 * 1024, 60
_NAME = re.compile(r'filename="?([^";]+)')
_GONE = 40007


def fetch(api: Api, source: Mapping[str, str]) -> Media:
    """By its id, or a picture by its address where the account may not ask for the id.

    Raises ``OSError`` to try again, ``Unreadable`` when it is gone.
    """
    answer = api.call(lambda token: _get(_by_id(token, source["media_id"])))
    if film := said_by(answer).get("video_url"):
        answer = _get(str(film))
    code = code_of(answer)
    if (code or not answer.is_ok) and source.get("url"):
        answer = _get(source["url"])
        code = 0 if answer.is_ok else code
    if code == _GONE:
        raise Unreadable("WeChat no longer has the file")
    if code or not answer.is_ok:
        raise OSError(f"WeChat does not give out the file ({code or answer.status})")
    named = _NAME.search(answer.headers.get("content-disposition", ""))
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return Media(content=answer.body, name=named[1] if named else "", content_type=kind)


def _by_id(token: str, media_id: str) -> str:
    return url("media/get", access_token=token, media_id=media_id)


def _get(address: str) -> Answer:
    return http.get(wire.place(address), limit=_LARGEST, seconds=_SECONDS)
