"""What an app is told, and what its answers mean. The id of a call is ours and never changes: an
app that has seen it drops the repetition, so an answer that never came is asked for again."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from channels import public_files, wire
from channels.base import OutboundMessage, Outcome, Result
from channels.own_app import signing
from support.http import Answer

_REFUSED = {"blocked": Outcome.BLOCKED, "closed": Outcome.CLOSED}


def tell(url: str, setting: str, number: str, kind: str, data: dict[str, Any]) -> Answer:
    """One signed call."""
    told = {"type": kind, "timestamp": datetime.now(UTC).isoformat(), "data": data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signing.headers_for(setting, number, str(int(time.time())), body)
    return wire.post(url, content=body, headers=headers)


def data_of(message: OutboundMessage) -> dict[str, Any]:
    """A message as an app reads it."""
    files = [
        {"url": public_files.link(file), "name": file.name, "content_type": file.content_type}
        for file in message.files
    ]
    return {
        "id": message.external_id,
        "thread": message.thread or message.to,
        "user": {"id": message.to},
        "text": message.text,
        "reply_to": message.in_reply_to or None,
        "is_automatic": message.is_automatic,
        "files": files,
    }


def result_of(message: OutboundMessage, answer: Answer) -> Result:
    if answer.is_ok:
        return Result(key=message.key, outcome=Outcome.SENT, external_id=message.external_id)
    wait = answer.headers.get("retry-after", "")
    code = _code(answer)
    return Result(
        key=message.key,
        outcome=_REFUSED.get(code) or _outcome(answer.status),
        detail=f"{answer.status} {code}".strip(),
        retry_after=float(wait) if wait.isdecimal() else None,
    )


def _code(answer: Answer) -> str:
    """The word by which the app says why: ``{"error": "blocked"}``."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    code = said.get("error") if isinstance(said, dict) else ""
    return code[:60] if isinstance(code, str) else ""


def _outcome(status: int) -> Outcome:
    """410 says that the address is given up; what moved is not followed."""
    if status in (408, 425, 429) or status in (502, 503, 504):
        return Outcome.LATER
    if status in (401, 403, 410) or 300 <= status < 400:
        return Outcome.SIGN_IN
    return Outcome.UNKNOWN if status >= 500 else Outcome.NEVER
