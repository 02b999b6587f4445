"""Instagram: messages and comments of one professional account, connected by its own login."""

from __future__ import annotations

import time
from typing import Any

from channels.capabilities import Unit
from channels.simulators.base import Answered, Asked, Said
from channels.simulators.meta import (
    FILES,
    GRAPH,
    INSTAGRAM_GRAPH,
    account,
    missing,
    person_id,
    place,
    too_long,
)
from channels.simulators.meta_messaging import MessagingSimulator

OWN = "17841400000000001"
_SHOWN = "17900000000000001"  # the picture that is commented on
_COMMENT = "1785"


class InstagramSimulator(MessagingSimulator):
    kind = "instagram"
    label = "Instagram"
    hosts = (INSTAGRAM_GRAPH, GRAPH, FILES)
    product, own_id, most, unit = "instagram", OWN, 1000, Unit.BYTES

    @staticmethod
    def account() -> dict[str, Any]:
        return account("instagram", instagram_id=OWN, has_instagram_login=True)

    @classmethod
    def owns(cls, node: str) -> bool:
        return node == OWN or node.startswith(_COMMENT)

    def entry(self, said: Said) -> dict[str, Any]:
        return self._comment(said) if said.is_public else super().entry(said)

    def answer(self, asked: Asked) -> Answered:
        if place(asked)[0] != "refresh_access_token":
            return super().answer(asked)
        token = asked.query.get("access_token", "")
        if token != self.settings.get("access_token"):
            return self.failure("bad_token")
        sixty_days = 60 * 24 * 3600
        return Answered.of(
            {"access_token": token, "token_type": "bearer", "expires_in": sixty_days}
        )

    def shown(self, node: str) -> Answered:
        if node not in ("me", OWN):
            return missing(node)
        return Answered.of({"id": OWN, "user_id": OWN, "username": "harbour"})

    def posted(self, node: str, edge: str, given: dict[str, Any]) -> Answered:
        if edge != "replies":
            return super().posted(node, edge, given)
        commented = [line for line in self.tape.lines() if line.id == node]
        if not commented:
            return missing(node)
        text = str(given["message"])
        if refused := too_long(text, 2200):
            return refused
        number = self._number()
        self.keep(id=number, thread=commented[0].thread, text=text, is_public=True)
        return Answered.of({"id": number})

    def _comment(self, said: Said) -> dict[str, Any]:
        """Under ``said.thread``, or the first of a new conversation."""
        number = self._number()
        self.hear(said, number, said.thread or number)
        value: dict[str, Any] = {
            "id": number,
            "from": {"id": person_id(said.person), "username": said.name or said.person},
            "text": said.text,
            "media": {"id": _SHOWN, "media_product_type": "FEED"},
        }
        if said.thread:
            value["parent_id"] = said.thread
        return {"time": int(time.time()), "changes": [{"field": "comments", "value": value}]}

    def _number(self) -> str:
        return f"{_COMMENT}{self.number():013d}"
