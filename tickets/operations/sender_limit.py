"""How many tickets one sender may open in an hour, counted by rows and under the sender's lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from people.models import Contact

_WINDOW = timedelta(hours=1)
#: Of each sender's newest tickets, no more than the limit, those of the last hour.
_RECENT = """
    select sender.id, (
        select count(*) from (
            select created_at from tickets_ticket
            where requester_id = sender.id order by id desc limit %s
        ) newest where created_at > %s
    ) from unnest(%s::bigint[]) as sender (id)
"""


class Allowance:
    """What is left to each sender. The senders are locked, so nobody else counts meanwhile."""

    def __init__(self, senders: Iterable[Contact], most: int) -> None:
        self._most = most
        self._opened: dict[int, int] = {}
        ids = sorted({sender.pk for sender in senders})
        if most and ids:
            with connection.cursor() as cursor:
                cursor.execute(_RECENT, [most, timezone.now() - _WINDOW, ids])
                self._opened = dict(cursor.fetchall())

    def take(self, sender: Contact) -> bool:
        """Use one ticket of the sender's allowance; False when there is none left."""
        opened = self._opened.get(sender.pk, 0)
        self._opened[sender.pk] = opened + 1
        return not self._most or opened < self._most
