"""Files that Meta keeps for us: behind links that end, or under ids that give such links."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.base import Media
from channels.meta.calls import MALFORMED
from channels.meta.graph import Graph
from support import http
from support.http import Answer

#: The most that WhatsApp takes of a document; the others' files are smaller.
LARGEST = 100 * 1024 * 1024
#: Only here does our token go with the request for a file.
_META = (".facebook.com", ".fbsbx.com", ".fbcdn.net", ".whatsapp.net")


def by_id(graph: Graph, source: Mapping[str, str]) -> Media:
    """WhatsApp: the id gives a link that is good for five minutes. Raises ``OSError``."""
    number = {"phone_number_id": source["owner"]} if source.get("owner") else {}
    found = _json(_asked(lambda: graph.get(source["media_id"], **number)))
    url = str(found.get("url", ""))
    host = urlsplit(url).hostname or ""
    if not url.startswith("https://") or not f".{host}".endswith(_META):
        raise OSError("Meta names no place of its own for the file")
    content = _asked(lambda: graph.download(url, limit=LARGEST, with_token=True)).body
    if (claimed := source.get("sha256", "")) and claimed not in _digests(content):
        raise OSError("the file is not the one that was announced")
    kind = str(found.get("mime_type", "")).partition(";")[0]
    return Media(content=content, content_type=kind)


def by_link(graph: Graph, source: Mapping[str, str]) -> Media:
    """Messenger and Instagram: the link, or a fresh one of the same message. Raises ``OSError``."""
    try:
        answer = _asked(lambda: graph.download(source["url"], limit=LARGEST))
    except OSError:
        if not source.get("mid"):
            raise
        url = _fresh(graph, source["mid"], int(source.get("part", "0")))
        answer = _asked(lambda: graph.download(url, limit=LARGEST))
    name = urlsplit(source["url"]).path.rsplit("/", 1)[-1]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return Media(content=answer.body, name=name if "." in name else "", content_type=kind)


def _fresh(graph: Graph, mid: str, part: int) -> str:
    found = _json(_asked(lambda: graph.get(mid, fields="attachments")))
    try:
        file: dict[str, Any] = found["attachments"]["data"][part]
        kinds = [file.get(f"{kind}_data") or {} for kind in ("image", "video", "audio")]
        urls = [*(each.get("url") for each in kinds), file.get("file_url")]
        return next(str(url) for url in urls if url)
    except (*MALFORMED, StopIteration) as error:
        raise OSError("Meta names no place for the file any more") from error


def _asked(ask: Any) -> Answer:
    try:
        answer: Answer = ask()
    except (http.Unreachable, http.Refused) as error:
        raise OSError(f"Meta does not give out the file: {type(error).__name__}") from error
    if not answer.is_ok:
        raise OSError(f"Meta does not give out the file ({answer.status})")
    return answer


def _json(answer: Answer) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except MALFORMED as error:
        raise OSError("Meta's answer cannot be read") from error


def _digests(content: bytes) -> tuple[str, str]:
    """Both spellings that Meta uses."""
    digest = hashlib.sha256(content)
    return base64.b64encode(digest.digest()).decode(), digest.hexdigest()
