"""What is done to a mail on the server once it is stored: nothing, seen, moved or deleted.

It is the lesser half: a mail that is stored but not marked harms nobody. So trouble here is
told, never stops the fetching, and what was left undone is done at a later look.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from imapclient import DELETED, SEEN

from channels.adapters.email import Email
from channels.mailboxes.connection import Declined
from channels.mailboxes.folder import Folder
from channels.mailboxes.intake import provider_key
from channels.models import Account, FetchState, Receipt
from support.faults import fault_point

#: How far behind the cursor it is looked for mails that were left unmarked.
BACK = 5000
_AT_ONCE = 500
_LACKING = {"seen": SEEN, "move": DELETED, "delete": DELETED}


def settle(account: Account, settings: Email, folder: Folder, uids: Sequence[int]) -> str:
    """Mark or move these, which are stored. What went wrong, in words."""
    wish = _wish(account, settings)
    if not uids or wish == "keep":
        return ""
    fault_point("mailboxes.before_flag")
    try:
        if wish == "seen":
            folder.mark_seen(uids)
        elif wish == "delete":
            folder.delete(uids)
        elif _is_elsewhere(settings):
            folder.move(uids, settings.move_to)
        else:
            return _("Fetched mail is to be moved, and it is not said where.")
    except Declined as error:
        return str(error)
    return ""


def repair(account: Account, settings: Email, folder: Folder, state: FetchState) -> str:
    """Mark or move what is stored and was left as it came. What went wrong, in words."""
    wish = _wish(account, settings)
    if wish == "keep" or state.last_uid < 1:
        return ""
    first = max(1, state.last_uid - BACK)
    left = folder.uids(first, state.last_uid, lacking=_LACKING[wish])
    trouble = ""
    for start in range(0, len(left), _AT_ONCE):
        uids = _stored(state, left[start : start + _AT_ONCE])
        trouble = settle(account, settings, folder, uids) or trouble
    return trouble


def _wish(account: Account, settings: Email) -> str:
    """While we only watch, the mailbox is somebody else's to keep in order."""
    is_live = account.mode == Account.Mode.LIVE
    return settings.after_fetch if is_live and settings.after_fetch in _LACKING else "keep"


def _is_elsewhere(settings: Email) -> bool:
    """Moved into its own folder a mail would come anew, again and again."""
    return settings.move_to.strip().lower() not in ("", settings.folder.strip().lower())


def _stored(state: FetchState, uids: Sequence[int]) -> list[int]:
    """Those whose whole content is stored, and that came as new mail."""
    keys = {provider_key(state, uid): uid for uid in uids}
    whole = Receipt.objects.filter(account_id=state.account_id, provider_key__in=keys)
    whole = whole.exclude(meta__has_any_keys=["is_cut", "import"])
    return sorted(keys[key] for key in whole.values_list("provider_key", flat=True) if key)
