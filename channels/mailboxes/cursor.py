"""How far a mailbox has been read: every step is one short transaction on its ``FetchState``.

The cursor moves in the transaction that stores the mails it passes, and only from where this
reader believes it to be. So two readers of one mailbox store nothing twice, lock or no lock.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from channels.adapters.email import Email
from channels.base import ChannelError
from channels.mailboxes.connection import SignInRefused
from channels.mailboxes.oauth import NeedsSignIn
from channels.models import Account, FetchState, Receipt

logger = logging.getLogger(__name__)

#: After the server numbered its mails anew: what arrived this long before all had been read is
#: looked at again, since its clock need not be ours.
OVERLAP = timedelta(hours=1)
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0
#: Providers lock mailboxes where somebody keeps guessing.
_FIRST_PAUSE_SIGN_IN, _LONGEST_PAUSE_SIGN_IN = 60.0, 3600.0


class Overtaken(Exception):
    """Somebody else reads this mailbox, or it was set up anew: begin again from what is stored."""


def place_of(settings: Email, user: str) -> str:
    """A short name for server, user and folder: UIDs mean something within these only."""
    where = "\n".join([settings.imap_host.lower(), user.lower(), settings.folder])
    return hashlib.sha256(where.encode()).hexdigest()[:16]


@transaction.atomic
def aligned(account: Account, *, place: str, uid_validity: int, highest: int) -> FetchState:
    """The cursor for the folder as it is now.

    At the first connection it stands behind the last mail: what was there before us is not
    touched. When the folder is another one, or numbered anew, it stands at the beginning,
    and ``import_last_uid`` says up to where mails may have been stored before.
    """
    FetchState.objects.get_or_create(account=account)
    state = FetchState.objects.select_for_update().get(account=account)
    if (state.place, state.uid_validity) == (place, uid_validity):
        return state
    if state.uid_validity is None:
        state.last_uid, state.fetched_at = highest, timezone.now()
    else:
        logger.warning("mailbox %s has another folder or other numbers than before", account)
        state.last_uid = 0
    state.place, state.uid_validity = place, uid_validity
    state.import_last_uid, state.import_uid = highest, 0
    state.save(
        update_fields=[
            *("place", "uid_validity", "last_uid", "fetched_at", "import_last_uid", "import_uid")
        ]
    )
    return state


def advance(state: FetchState, rows: Sequence[Receipt], *, to: int, behind: int) -> None:
    """Store new mails and move the cursor past them. Raises ``Overtaken``."""
    now = timezone.now()
    values = {"last_uid": to, "behind": behind, **({"last_mail_at": now} if rows else {})}
    _store(state, rows, values)


def advance_import(state: FetchState, rows: Sequence[Receipt], *, to: int) -> None:
    """Store old mails and move the import's own cursor. Raises ``Overtaken``."""
    is_done = to >= (state.import_last_uid or 0)
    _store(state, rows, {"import_uid": to, "imported_at": timezone.now() if is_done else None})


@transaction.atomic
def _store(state: FetchState, rows: Sequence[Receipt], values: dict[str, object]) -> None:
    stored = FetchState.objects.select_for_update().filter(pk=state.pk).first()
    if stored is None or _position(stored) != _position(state):
        raise Overtaken
    Receipt.objects.bulk_create(rows, ignore_conflicts=True)
    _update(state, values)


def _position(state: FetchState) -> tuple[object, ...]:
    return state.place, state.uid_validity, state.last_uid, state.import_uid


def _update(state: FetchState, values: dict[str, object]) -> None:
    """Write these columns only: others change the rest."""
    FetchState.objects.filter(pk=state.pk).update(**values)
    for name, value in values.items():
        setattr(state, name, value)


def signed_in(state: FetchState) -> None:
    _update(state, {"needs_sign_in": False})


def all_read(state: FetchState, *, trouble: str = "") -> None:
    """Nothing new is left on the server. ``trouble`` is what went wrong beside that."""
    now = timezone.now()
    _update(state, {"fetched_at": now, "behind": 0, "failures": 0})
    state.refresh_from_db(fields=["import_since", "import_uid", "imported_at"])  # asked meanwhile?
    told = FetchState.objects.filter(pk=state.pk, needs_sign_in=False).exclude(error=trouble[:500])
    told.update(error=trouble[:500], error_at=now if trouble else None)


def failed(account: Account, error: ChannelError | str) -> None:
    """Say what is wrong, and when it is tried again."""
    is_refused = isinstance(error, SignInRefused | NeedsSignIn)
    state, _ = FetchState.objects.get_or_create(account=account)
    failures = state.failures + 1
    now = timezone.now()
    values = {
        "failures": failures,
        "error": str(error)[:500].replace("\x00", ""),
        "error_at": now,
        "next_try_at": now + pause(failures, is_refused=is_refused),
    }
    if is_refused and failures > 1:  # once may be a token that had just run out
        values["needs_sign_in"] = True
    _update(state, values)


def pause(failures: int, *, is_refused: bool) -> timedelta:
    """Ever longer, and never the same for two mailboxes of one server."""
    first, longest = _FIRST_PAUSE, _LONGEST_PAUSE
    if is_refused:
        first, longest = _FIRST_PAUSE_SIGN_IN, _LONGEST_PAUSE_SIGN_IN
    seconds = min(first * 2 ** min(failures - 1, 20), longest)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


def begin_import(account: Account, *, since: date) -> None:
    """Have the mails that were there before us, from that day on, filed as closed tickets."""
    FetchState.objects.update_or_create(
        account=account, defaults={"import_since": since, "import_uid": 0, "imported_at": None}
    )
