"""Reading a mailbox into receipts: store first, then mark or move on the server.

One step takes a few mails: ask for their sizes, fetch them, store them together with the
cursor, and only then touch them. Whatever breaks off in between, the next step begins where
the cursor stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from django.conf import settings as installation

from channels.adapters.email import Email
from channels.mailboxes import afterwards, cursor
from channels.mailboxes.connection import Declined
from channels.mailboxes.folder import Facts, Folder
from channels.mailboxes.intake import cut, whole
from channels.mailboxes.known import already_stored
from channels.models import Account, FetchState, Receipt
from support.faults import fault_point

#: How many mails one step fetches, and how much, unless one alone is larger.
MAILS, BYTES = 50, 4 * 1024 * 1024
#: How many it looks at where most may be stored already.
LOOK = 200
#: UIDs one search goes over: its answer must fit into the longest line that is read.
SPAN = 50_000
#: A connection lost this often over the same mail: fetch it alone; leave its content there.
ALONE, GIVE_UP = 2, 5


@dataclass
class Reading:
    """One mailbox that is being read. ``tries`` outlives the connection."""

    account: Account
    settings: Email
    folder: Folder
    state: FetchState
    tries: Counter[int] = field(default_factory=Counter)
    trouble: str = ""
    may_owe: bool = True  # something stored may still be unmarked on the server

    @property
    def limit(self) -> int:
        most: int = installation.HARBOUR_MAIL_LIMIT
        return min(self.settings.size_limit or most, most)


@dataclass(frozen=True)
class _Stretch:
    """UIDs to go over; ``last`` None: to the end. Old mail may be stored, or not be wanted."""

    first: int
    last: int | None = None
    since: datetime | None = None
    is_import: bool = False


def begin(account: Account, settings: Email, folder: Folder, tries: Counter[int]) -> Reading:
    """Take up the cursor where it stands."""
    state = cursor.aligned(
        account,
        place=cursor.place_of(settings, settings.username or account.address),
        uid_validity=folder.uid_validity,
        highest=folder.highest,
    )
    cursor.signed_in(state)
    return Reading(account, settings, folder, state, tries)


def step(reading: Reading) -> bool:
    """Store the next few mails, new ones first. False when nothing is left."""
    if _go_over(reading, _new(reading.state)):
        return True
    _repair(reading)
    cursor.all_read(reading.state, trouble=reading.trouble)
    old = _old(reading.state)
    return old is not None and _go_over(reading, old)


def _repair(reading: Reading) -> None:
    """Once a connection, and as long as something goes wrong."""
    if reading.may_owe:
        reading.trouble = afterwards.repair(
            reading.account, reading.settings, reading.folder, reading.state
        )
        reading.may_owe = bool(reading.trouble)


def _new(state: FetchState) -> _Stretch:
    """What comes after the cursor; where mails may be old, only those that arrived lately."""
    first, old_end = state.last_uid + 1, state.import_last_uid or 0
    if first <= old_end and state.fetched_at is not None:
        return _Stretch(first, old_end, state.fetched_at - cursor.OVERLAP)
    return _Stretch(first)


def _old(state: FetchState) -> _Stretch | None:
    """What is left of an import."""
    if state.import_since is None or state.imported_at is not None:
        return None
    since = datetime.combine(state.import_since, time(), UTC)
    return _Stretch(state.import_uid + 1, state.import_last_uid or 0, since, is_import=True)


def _go_over(reading: Reading, stretch: _Stretch) -> bool:
    """One step on this stretch. False when it has nothing."""
    uids, end = _search(reading.folder, stretch)
    if not uids and end < stretch.first and not stretch.is_import:
        return False
    lot = uids[: MAILS if stretch.since is None else LOOK]
    facts = reading.folder.facts(lot, with_ids=stretch.since is not None) if lot else {}
    wanted, stored = _sorted_out(reading, stretch, facts)
    chosen = _affordable(wanted, facts, reading)
    if len(chosen) < len(wanted):
        end = chosen[-1]
    elif len(lot) < len(uids):
        end = lot[-1]
    rows = _fetch(reading, chosen, facts)
    if stretch.is_import:
        for row in rows:
            row.meta["import"] = True
        cursor.advance_import(reading.state, rows, to=end)
        return True
    cursor.advance(reading.state, rows, to=end, behind=sum(uid > end for uid in uids))
    fault_point("mailboxes.stored")
    whole = [row.meta["uid"] for row in rows if row.status == Receipt.Status.WAITING]
    _settle(reading, [*whole, *(uid for uid in stored if uid <= end)])
    return True


def _settle(reading: Reading, uids: Sequence[int]) -> None:
    trouble = afterwards.settle(reading.account, reading.settings, reading.folder, uids)
    if trouble:
        reading.trouble, reading.may_owe = trouble, True


def _search(folder: Folder, stretch: _Stretch) -> tuple[list[int], int]:
    """The mails at the beginning of the stretch, and the UID up to which these are all."""
    last, since = stretch.last, None
    if last is not None and last < stretch.first:
        return [], last
    if stretch.since is not None:
        # A day earlier: servers compare days, of their own time zone (RFC 3501, 6.4.4).
        since = stretch.since.date() - timedelta(days=1)
    far = folder.highest if last is None else last
    if far - stretch.first >= SPAN:
        last = stretch.first + SPAN - 1
    uids = folder.uids(stretch.first, last, since=since)
    return uids, last if last is not None else max(uids, default=stretch.first - 1)


def _sorted_out(
    reading: Reading, stretch: _Stretch, facts: dict[int, Facts]
) -> tuple[list[int], set[int]]:
    """Which to fetch; and, of those that arrived in time, which are stored already."""
    since = stretch.since
    if since is None:
        return sorted(facts), set()
    lately = {uid: each for uid, each in facts.items() if not each.arrived or each.arrived >= since}
    stored = already_stored(reading.account, lately)
    return sorted(set(lately) - stored), stored


def _affordable(uids: Sequence[int], facts: dict[int, Facts], reading: Reading) -> list[int]:
    """The first few of them; at least one, however large."""
    chosen: list[int] = []
    left = BYTES
    alone = bool(uids) and reading.tries[uids[0]] >= ALONE
    for uid in uids[: 1 if alone else MAILS]:
        size = facts[uid].size if facts[uid].size <= reading.limit else 0
        if chosen and size > left:
            break
        chosen.append(uid)
        left -= size
    return chosen


def _fetch(reading: Reading, uids: Sequence[int], facts: dict[int, Facts]) -> list[Receipt]:
    """A receipt for each mail that is still there: whole, or why it is not."""
    if not uids:
        return []
    reading.tries.update(uids)
    fits = [uid for uid in uids if facts[uid].size <= reading.limit]
    bodies = _bodies(reading, fits)
    rows = []
    for uid in uids:
        body = bodies.get(uid)
        if body is not None and len(body) <= reading.limit:
            rows.append(whole(reading.account, reading.state, uid, body))
            continue
        large = uid not in fits or body is not None
        if large or reading.folder.uids(uid, uid):
            why = Receipt.Cause.TOO_LARGE if large else Receipt.Cause.UNREADABLE
            head = _head(reading, uid)
            rows.append(cut(reading.account, reading.state, uid, head, facts[uid], why))
    fault_point("mailboxes.fetched")
    for uid in uids:
        del reading.tries[uid]
    return rows


def _bodies(reading: Reading, uids: Sequence[int]) -> dict[int, bytes]:
    """Their contents; none of a mail over which the connection was lost again and again."""
    if not uids or reading.tries[uids[0]] > GIVE_UP:
        return {}
    try:
        found = reading.folder.bodies(uids)
    except Declined:
        found = {}
    for uid in uids:  # one by one: a server may decline all for the sake of one
        if uid not in found and len(uids) > 1:
            found |= _bodies(reading, [uid])
    return found


def _head(reading: Reading, uid: int) -> bytes:
    if reading.tries[uid] > GIVE_UP + 1:
        return b""
    try:
        return reading.folder.head(uid)
    except Declined:
        return b""
