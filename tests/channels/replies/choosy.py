"""A provider's API that takes some recipients and not others."""

from __future__ import annotations

from typing import Any

from anymail.backends.test import EmailBackend as Anymails
from anymail.message import AnymailRecipientStatus

REFUSED: set[str] = set()


class EmailBackend(Anymails):  # type: ignore[misc]
    def parse_recipient_status(self, response: Any, payload: Any, message: Any) -> Any:
        found = super().parse_recipient_status(response, payload, message)
        return {
            address: AnymailRecipientStatus("1", "rejected") if address in REFUSED else status
            for address, status in found.items()
        }
