"""Messenger: the Send API and the webhooks of one Page."""

from __future__ import annotations

from typing import Any

from channels.simulators.meta import PAGE, account
from channels.simulators.meta_messaging import MessagingSimulator


class MessengerSimulator(MessagingSimulator):
    kind = "messenger"
    label = "Facebook Messenger"
    product, own_id, most = "page", PAGE, 2000

    @staticmethod
    def account() -> dict[str, Any]:
        return account("messenger", page_id=PAGE)

    @classmethod
    def owns(cls, node: str) -> bool:
        return node in ("me", PAGE)
