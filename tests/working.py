"""Work off everything that is due, in this process, as the workers would."""

from __future__ import annotations

from channels import delivery, receipts
from support import outbox


def work() -> None:
    """File, react and send until nothing is due."""
    while receipts.file_batch() or outbox.drain_batch() or delivery.send_batch():
        pass
