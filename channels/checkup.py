"""What `manage doctor` asks this room: are mailboxes that are to be fetched really fetched?"""

from __future__ import annotations

from channels.mailboxes.health import overview
from channels.mailboxes.run import HEARTBEAT
from support.relay import is_alive

#: A line that broke once or twice is nothing to be woken for.
_FAILURES = 3


def mailboxes() -> tuple[bool, str]:
    fetched = [one for one in overview() if one.is_fetched and one.account.is_active]
    if not fetched:
        return True, "No mailbox is fetched."
    if not is_alive(HEARTBEAT):
        return False, f"Nobody fetches the {len(fetched)} mailboxes: is `manage mailboxes` running?"
    failing = [one for one in fetched if one.needs_sign_in or one.failures >= _FAILURES]
    if failing:
        return False, "; ".join(f"{one.account.address}: {one.error}" for one in failing[:3])
    return True, f"{len(fetched)} mailboxes are fetched."


CHECKS = {"mailboxes": mailboxes}
