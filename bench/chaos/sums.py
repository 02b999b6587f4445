"""What must hold when the dust has settled, counted from the rows and from the sink.

U = distinct mails that the door took; M filed, S suspended, D in quarantine.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.chaos.cases import GONE, ROBOT, Case
from bench.chaos.crew import IN_SMTP_WINDOW
from channels.models import AutomaticMail, Delivery, Receipt
from support.models import OutboxEntry
from tickets.models import Message, Ticket

_NUMBER = re.compile(rb"^X-Chaos-Id: (\S+)\r?$", re.M)
#: How much a robot without any mark may get from us.
MOST_TO_ROBOT = 3

Status = Receipt.Status


def owed() -> int:
    """Rows that still wait for work."""
    active = [Delivery.Status.QUEUED, Delivery.Status.SENDING]
    return (
        Receipt.objects.filter(status=Status.WAITING).count()
        + OutboxEntry.objects.filter(parked_at=None).count()
        + Delivery.objects.filter(status__in=active).count()
    )


def count(
    corpus: Sequence[Case], files: Path, kills: Mapping[str, int], dies: int
) -> dict[str, Any]:
    """The figures, and ``broken``: the invariants that do not hold, in words."""
    taken = _accepted(files)
    ends = _ends()
    kinds = Counter(_kind(ends.get(number, [])) for number in taken)
    sent = _sent(files)
    acks, replies = _by_kind(sent)
    window = sum(kills.get(point, 0) for point in IN_SMTP_WINDOW) + dies
    doubled = sum(acks.values()) - len(acks)
    unknown = Delivery.objects.filter(status=Delivery.Status.UNKNOWN).count()
    figures = {
        "U": len(taken), "M": kinds["filed"], "S": kinds["suspended"], "D": kinds["quarantined"],
        "tickets": Ticket.objects.count(), "acknowledged": len(acks),
        "acknowledgeable": len(_acknowledgeable()), "doubled": doubled, "in_smtp_window": window,
        "replies": Message.objects.filter(direction=Message.Direction.OUTBOUND).count(),
        "replies_sent": len(replies), "replies_doubled": sum(replies.values()) - len(replies),
        "replies_unknown": unknown, "owed": owed(),
    }  # fmt: skip
    halted = {number for number, said in ends.items() if _kind(said) == "quarantined"}
    open_cases = [case for case in corpus if str(case.number) not in halted]
    broken = [
        *_broken(figures),
        *_unanswered(open_cases, sent),
        *_robots(sent),
        *_lost(taken, ends),
    ]
    return {"sums": figures, "broken": broken}


def _broken(f: Mapping[str, int]) -> list[str]:
    rules = {
        "every mail has one end: M + S + D == U": f["M"] + f["S"] + f["D"] == f["U"],
        "acknowledged == acknowledgeable": f["acknowledged"] == f["acknowledgeable"],
        "doubled <= deaths inside the SMTP window": f["doubled"] <= f["in_smtp_window"],
        "no reply is sent twice": f["replies_doubled"] == 0,
        # What may have gone is shown as unknown, whether it had arrived or not.
        "every reply was sent or is shown as unknown": f["replies_sent"]
        <= f["replies"]
        <= f["replies_sent"] + f["replies_unknown"],
        "nothing is owed": f["owed"] == 0,
    }
    return [rule for rule, holds in rules.items() if not holds]


def _accepted(files: Path) -> set[str]:
    lines = (line.split() for line in (files / "accepted").read_text().splitlines())
    return {words[1] for words in lines if words[0] == "taken"}


def _ends() -> dict[str, list[str]]:
    """The ends of each mail's receipts, by its number; repetitions left out."""
    ends: defaultdict[str, list[str]] = defaultdict(list)
    for status, body in Receipt.objects.values_list("status", "body").iterator():
        found = _NUMBER.search(bytes(body))
        if found and status != Status.DUPLICATE:
            ends[found[1].decode()].append(status)
    return ends


def _kind(ends: list[str]) -> str:
    """How a mail ended: filed once, suspended, in quarantine, or wrongly.

    A copy of a filed mail may be in quarantine, when workers died over it five times.
    """
    kinds = set(ends)
    if ends.count(Status.FILED) == 1 and kinds <= {Status.FILED, Status.QUARANTINED}:
        return "filed"
    if kinds and kinds <= {Status.SUSPENDED, Status.IGNORED}:
        return "suspended"
    return "quarantined" if kinds == {Status.QUARANTINED} else "wrong"


def _lost(taken: set[str], ends: Mapping[str, list[str]]) -> list[str]:
    wrong = [(n, ends.get(n, [])) for n in sorted(taken) if _kind(ends.get(n, [])) == "wrong"]
    return [f"mail {number} ended as {said or 'nothing'}" for number, said in wrong[:10]]


def _sent(files: Path) -> list[tuple[str, str]]:
    lines = (line.split(" ") for line in (files / "sent").read_text().splitlines())
    return [(to, message_id) for to, message_id, _ in lines]


def _by_kind(sent: Sequence[tuple[str, str]]) -> tuple[Counter[str], Counter[str]]:
    """How often each acknowledgement and each reply arrived."""
    rows = Delivery.objects.values_list("external_id", "message_id")
    is_reply = {external_id.strip("<>"): bool(message) for external_id, message in rows}
    acks = Counter(each for _, each in sent if not is_reply.get(each, False))
    replies = Counter(each for _, each in sent if is_reply.get(each, False))
    return acks, replies


def _acknowledgeable() -> list[int]:
    """Tickets whose requester is to hear of them, and can."""
    decided = AutomaticMail.objects.filter(kind="acknowledgement", suppressed_by="")
    return list(decided.exclude(address__endswith=f"@{GONE}").values_list("ticket_id", flat=True))


def _unanswered(corpus: Sequence[Case], sent: Sequence[tuple[str, str]]) -> list[str]:
    """By the corpus, not by our rows: who must have heard from us, and who must not."""
    heard = {to for to, _ in sent}
    answered = {case.sender for case in corpus if case.is_answered}
    silent = [f"{case.sender} heard nothing" for case in corpus
              if case.is_answered and case.sender not in heard]  # fmt: skip
    replied = set(
        Message.objects.filter(direction=Message.Direction.OUTBOUND).values_list(
            "deliveries__to", flat=True
        )
    )
    wrong = [f"{case.sender} must hear nothing" for case in corpus
             if not case.is_answered and not case.sender.endswith(ROBOT)
             and case.sender in heard - answered - replied and case.copies > 0
             and not _is_hostile(case)]  # fmt: skip
    return [*silent[:10], *wrong[:10]]


def _is_hostile(case: Case) -> bool:
    """Either end is right for a mail that is hard to understand."""
    return len(case.raw) > 8_000


def _robots(sent: Sequence[tuple[str, str]]) -> list[str]:
    mails = set(sent)  # a mail that a death doubled is one
    got = Counter(to for to, _ in mails if to.endswith(f"@{ROBOT}"))
    return [f"robot {to} got {n} mails" for to, n in got.items() if n > MOST_TO_ROBOT]
