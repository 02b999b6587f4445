"""Comments under one post of a Facebook Page, public answers to them, and private replies."""

from __future__ import annotations

import time
from typing import Any

from channels.simulators.base import Answered, Said
from channels.simulators.meta import (
    FILES,
    PAGE,
    MetaSimulator,
    account,
    missing,
    person_id,
    too_long,
)

_POST = "122100000000001"


class PageCommentsSimulator(MetaSimulator):
    kind = "page_comments"
    label = "Facebook comments"
    acts = ("message", "edit", "delete")
    product, own_id = "page", PAGE

    @staticmethod
    def account() -> dict[str, Any]:
        return account("page_comments", page_id=PAGE)

    @classmethod
    def owns(cls, node: str) -> bool:
        return node.startswith((f"{_POST}_", f"{PAGE}_"))

    def entry(self, said: Said) -> dict[str, Any]:
        return {"changes": [{"field": "feed", "value": self._value(said)}]}

    def posted(self, node: str, edge: str, given: dict[str, Any]) -> Answered:
        if edge == "messages" and node == PAGE:
            text = str(given["message"]["text"])
            about = given["recipient"].get("comment_id") or given["recipient"]["post_id"]
            return too_long(text, 2000) or self.reply_privately(str(about), text)
        thread = self._thread_of(node)
        if edge != "comments" or not thread:
            return missing(node)
        text = str(given["message"])
        if refused := too_long(text, 8000):
            return refused
        number = self._number()
        self.keep(id=number, thread=thread, text=text, is_public=True)
        return Answered.of({"id": number})

    def _value(self, said: Said) -> dict[str, Any]:
        """Whoever commented before goes on under that comment, as people do."""
        person = person_id(said.person)
        value: dict[str, Any] = {
            "from": {"id": person, "name": said.name or said.person},
            "post_id": f"{PAGE}_{_POST}",
            "created_time": int(time.time()),
            "item": "comment",
            "verb": {"edit": "edited", "delete": "remove"}.get(said.act, "add"),
        }
        if said.act in ("edit", "delete"):
            return {**value, **self._place(said.about), "message": said.text}
        if said.act != "message":
            return {**value, "item": said.act}
        thread = said.thread or self.tape.recall(f"first:{person}")
        number = self._number()
        if not thread:
            self.tape.remember(f"first:{person}", number)
        self.hear(said, number, thread or number)
        if said.file:
            value["photo"] = f"https://{FILES}/v/t39.1997-6/{self.number()}_n.png"
        return {**value, **self._place(number), "message": said.text}

    def _place(self, comment: str) -> dict[str, str]:
        """A first comment stands under the post, the others under that."""
        thread = self._thread_of(comment)
        under = thread if thread and thread != comment else f"{PAGE}_{_POST}"
        return {"comment_id": comment, "parent_id": under}

    def _thread_of(self, comment: str) -> str:
        return next((line.thread for line in self.tape.lines() if line.id == comment), "")

    def _number(self) -> str:
        return f"{_POST}_{self.number()}"
