"""Calls to WeChat's API: always 200, and the ``errcode`` says what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from channels.wechat.tokens import NoToken, Tokens
from support.http import Answer

#: A token that was good a moment ago and is no more.
_REFUSED = (40001, 40014, 42001)


@dataclass(frozen=True)
class Api:
    """One account at WeChat."""

    app_id: str
    app_secret: str = field(repr=False)

    def call(self, ask: Callable[[str], Answer]) -> Answer:
        """What ``ask`` hears with a token, asked once more with another if that one is refused.

        Raises ``http.Unreachable`` or ``http.Refused``.
        """
        tokens = Tokens(self.app_id, self.app_secret)
        try:
            token = tokens.current()
            answer = ask(token)
            if code_of(answer) in _REFUSED:
                answer = ask(tokens.current(refused=token))
        except NoToken as refusal:
            return refusal.answer
        return answer


def said_by(answer: Answer) -> dict[str, Any]:
    """The JSON of an answer; empty for what is none, such as a picture."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def code_of(answer: Answer) -> int:
    """0 for all that went well."""
    code = said_by(answer).get("errcode", 0)
    return code if isinstance(code, int) else -1
