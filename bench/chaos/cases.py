"""The mails of a chaos run: plain ones, and every kind that must not be answered.

Each bears ``X-Chaos-Id``, by which its rows are found again whatever was made of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from channels.threads import new_message_id

MAILBOX = "support@example.com"
#: Recipients at this host are refused with 550 for good.
GONE = "gone.example.org"
#: Whoever writes from here answers every mail at once, without any mark of a robot.
ROBOT = "robot.example.org"
MOST_COPIES = 5

_WORDS = ("withdrawal", "deposit", "parcel", "invoice", "card", "login", "提现", "充值", "验证码")
_DAEMON = "MAILER-DAEMON@example.org"


@dataclass(frozen=True)
class Case:
    """One mail; ``copies`` times delivered. ``is_answered``: an acknowledgement must come."""

    number: int
    sender: str
    raw: bytes
    copies: int
    is_answered: bool
    after: int = -1  # the case that must have been taken before


def cases(count: int, seed: int) -> list[Case]:
    """``count`` mails, always the same for a seed and installation key."""
    dice = random.Random(f"chaos/{seed}")
    made: list[Case] = []
    kinds = list(_kinds(count, dice))
    dice.shuffle(kinds)
    for number, kind in enumerate(kinds):
        made.append(kind(_Maker(dice, number, made)))
    return made


def _kinds(count: int, dice: random.Random) -> Iterator[Callable[[_Maker], Case]]:
    """Shares in thousandths; what is left over is plain."""
    shares: dict[Callable[[_Maker], Case], int] = {
        _Maker.without_id: 100, _Maker.reply: 80, _Maker.away: 60, _Maker.away_unmarked: 40,
        _Maker.bounce: 60, _Maker.robot: 20, _Maker.own: 20, _Maker.same_id: 10,
        _Maker.gone: 30, _Maker.hostile: 10,
    }  # fmt: skip
    left = count
    for kind, share in shares.items():
        some = max(1, count * share // 1000)
        left -= some
        yield from [kind] * some
    yield from [_Maker.plain] * max(0, left)


class _Maker:
    def __init__(self, dice: random.Random, number: int, made: list[Case]) -> None:
        self.dice, self.number, self.made = dice, number, made
        self.sender = f"c{number}@example.org"

    def plain(self) -> Case:
        return self._case(self._mail(), is_answered=True)

    def without_id(self) -> Case:
        return self._case(self._mail(Message_ID=""), is_answered=True)

    def gone(self) -> Case:
        """An address that the customers' server refuses: nothing can arrive there."""
        self.sender = f"c{self.number}@{GONE}"
        return self._case(self._mail())

    def reply(self) -> Case:
        """By a customer, to an earlier mail of their own."""
        parents = [case for case in self.made if case.is_answered and b"\nMessage-ID" in case.raw]
        if not parents:
            return self.plain()
        parent = self.dice.choice(parents)
        self.sender = parent.sender
        mail = self._mail(In_Reply_To=f"<{parent.number}@chaos.example.org>")
        return self._case(mail, after=parent.number)

    def away(self) -> Case:
        mark = self.dice.choice(["auto-replied", "auto-generated"])
        return self._case(self._mail(Auto_Submitted=mark, Subject="I am away"))

    def away_unmarked(self) -> Case:
        subject = self.dice.choice(
            ["Out of Office", "Abwesenheitsnotiz: Urlaub", "自动回复：休假中"]
        )
        return self._case(self._mail(Subject=subject))

    def bounce(self) -> Case:
        self.sender = ""
        report = (
            "--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.org\r\n\r\n"
            f"Final-Recipient: rfc822; nobody{self.number}@example.org\r\n"
            "Action: failed\r\nStatus: 5.1.1\r\n--b--"
        )
        kind = 'multipart/report; report-type=delivery-status; boundary="b"'
        return self._case(self._mail(report, From=_DAEMON, Content_Type=kind))

    def robot(self) -> Case:
        self.sender = f"c{self.number}@{ROBOT}"
        return self._case(self._mail())

    def own(self) -> Case:
        """A mail of ours that comes back, by an alias that rewrites nothing."""
        return self._case(self._mail(Message_ID=new_message_id(1)))

    def same_id(self) -> Case:
        """Another mail under an id that was there before: kept, and no repetition."""
        first = next((case for case in self.made if case.is_answered), None)
        if first is None:
            return self.plain()
        mail = self._mail(Message_ID=f"<{first.number}@chaos.example.org>")
        return self._case(mail, is_answered=True, after=first.number)

    def hostile(self) -> Case:
        shapes = (_nested, _many_parts, _many_people, _deep_html, _long_sender)
        text, headers = self.dice.choice(shapes)()
        mail = self._mail(text, **headers)
        return Case(self.number, self.sender, mail, 1, is_answered=False)

    def _mail(self, text: str = "", **headers: str) -> bytes:
        words = self.dice.choices(_WORDS, k=6)
        named = {
            "From": f"Customer {self.number} <{self.sender}>",
            "To": MAILBOX,
            "Subject": f"{words[0]} {self.number}",
            "Message-ID": f"<{self.number}@chaos.example.org>",
            "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
            "Content-Type": "text/plain; charset=utf-8",
            "X-Chaos-Id": str(self.number),
        }
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in named.items() if value]
        return "\r\n".join([*lines, "", text or " ".join(words), ""]).encode()

    def _case(self, raw: bytes, *, is_answered: bool = False, after: int = -1) -> Case:
        copies = self.dice.choice([1, 1, 1, 1, 2, 3, MOST_COPIES])
        return Case(self.number, self.sender, raw, copies, is_answered, after)


def _nested() -> tuple[str, dict[str, str]]:
    depth = 20_000
    parts = "".join(
        f'--n{n}\r\nContent-Type: multipart/mixed; boundary="n{n + 1}"\r\n\r\n'
        for n in range(depth)
    )
    return parts, {"Content_Type": 'multipart/mixed; boundary="n0"'}


def _many_parts() -> tuple[str, dict[str, str]]:
    part = "--p\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    return part * 5000 + "--p--", {"Content_Type": 'multipart/mixed; boundary="p"'}


def _many_people() -> tuple[str, dict[str, str]]:
    people = ",\r\n ".join(f"p{n}@example.net" for n in range(50_000))
    return "", {"Cc": people}


def _deep_html() -> tuple[str, dict[str, str]]:
    return "<div><b><i>" * 30_000 + "x", {"Content_Type": "text/html"}


def _long_sender() -> tuple[str, dict[str, str]]:
    return "", {"From": f"{'(' * 10_000} <c@example.org>"}
