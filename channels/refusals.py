"""Why a mail did not arrive: status codes (RFC 3463) and servers' own words, in ours.

What is kept is a word of this list and what the server said, ``mailbox-full: 552 5.2.2 ...``;
``explain`` says it in the reader's language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from people.reachability import HARD, SOFT

_WORDS = {
    "unknown-user": _("There is no such mailbox."),
    "unknown-domain": _("The domain does not exist or takes no mail."),
    "mailbox-off": _("The mailbox is switched off."),
    "mailbox-full": _("The mailbox is full."),
    "too-large": _("The message is too large for the other side."),
    "policy": _("The other side's rules refuse this message."),
    "content": _("The other server cannot take this kind of content."),
    "sender-refused": _("The other side does not accept our address."),
    "expired": _("The other server could not be reached for too long."),
    "server-trouble": _("The other server has a problem."),
    "refused": _("The other server refused the message."),
    "stopped": _("Earlier mail to this address bounced. “Send again” tries it once more."),
    "no-address": _("There is no address that mail arrives at."),
    "no-mailbox": _("There is no mailbox to write from."),
}
#: What says that the address itself is dead, and what says nothing about it at all.
_DEAD = frozenset({"unknown-user", "unknown-domain", "mailbox-off"})
_NOT_THE_ADDRESS = frozenset({"too-large", "content", "sender-refused", "no-mailbox"})

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<![\d.])([45])(\d\d)(?![\d.])")
_BY_CODE = {
    "1.1": "unknown-user", "1.3": "unknown-user", "1.6": "unknown-user", "1.10": "unknown-user",
    "1.2": "unknown-domain", "4.4": "unknown-domain", "1.7": "sender-refused",
    "1.8": "sender-refused", "1.9": "sender-refused", "2.1": "mailbox-off", "2.2": "mailbox-full",
    "2.3": "too-large", "3.4": "too-large", "4.7": "expired", "4.1": "expired", "4.2": "expired",
}  # fmt: skip
_BY_SUBJECT = {"3": "server-trouble", "4": "expired", "6": "content", "7": "policy"}
_BY_WORDS = (
    (
        "unknown-user",
        r"no such (?:user|recipient|mailbox|address|account)|(?:user|recipient|mailbox|account"
        r"|address)[^.\n]{0,40}(?:unknown|not found|does(?:n't| not) exist|invalid)"
        r"|unknown (?:user|recipient|mailbox|address)|用户不存在|收件人不存在|账号不存在",
    ),
    ("mailbox-full", r"(?:mailbox|inbox|box)[^.\n]{0,30}full|over ?quota|quota exceeded|邮箱已满"),
    (
        "mailbox-off",
        r"(?:mailbox|account|user|recipient)[^.\n]{0,40}(?:disabled|inactive|suspended|deactivated)",
    ),
    (
        "unknown-domain",
        r"host (?:unknown|not found)|domain[^.\n]{0,30}not (?:found|exist)|nxdomain",
    ),
    ("too-large", r"(?:message|size)[^.\n]{0,30}(?:too (?:large|big)|exceeds)"),
    ("policy", r"\bspam\b|blocked|black ?list|blocklist|reputation|policy|\bdmarc\b|\bspf\b"),
    ("expired", r"timed? ?out|could not be reached|retry timeout|connection refused|expired"),
)
_WORDED = [(word, re.compile(pattern, re.IGNORECASE)) for word, pattern in _BY_WORDS]


@dataclass(frozen=True)
class Refusal:
    """Why a mail did not arrive. ``is_final`` is False while somebody is still trying."""

    word: str
    said: str = ""
    is_permanent: bool = True
    is_final: bool = True

    @property
    def weight(self) -> float:
        """What it counts against the address; see ``people.reachability``."""
        if not self.is_final or self.word in _NOT_THE_ADDRESS:
            return 0.0
        return HARD if self.is_permanent and self.word in _DEAD else SOFT

    @property
    def is_about_address(self) -> bool:
        """Whether it can only be about the address, and not about us or our message."""
        return self.is_permanent and self.word in _DEAD | {"mailbox-full"}

    @property
    def kept(self) -> str:
        """As it is stored: the word, and what the server said."""
        return f"{self.word}: {self.said}"[:300] if self.said else self.word


def refusal_of(said: str, *, status: str = "", action: str = "") -> Refusal:
    """Read a report's status and action (RFC 3464), or the words of a server."""
    said = " ".join(said.split())
    found = _ENHANCED.search(status) or _ENHANCED.search(said[:1000])
    worded = next((word for word, pattern in _WORDED if pattern.search(said[:1000])), "")
    is_final = action.lower() not in ("delayed", "delivered", "relayed", "expanded")
    if found is None:
        plain = _PLAIN.search(said[:200])
        permanent = plain is None or plain[1] == "5"
        return Refusal(worded or "refused", said, permanent, is_final)
    code = f"{int(found[2])}.{int(found[3])}"
    word = _BY_CODE.get(code) or _BY_SUBJECT.get(str(int(found[2]))) or worded or "refused"
    if word == "policy" and worded in _DEAD:  # some servers say 5.7.1 of everything
        word = worded
    number = ".".join(found.groups())
    return Refusal(word, said if number in said else f"{number} {said}".strip(),
                   found[1] == "5", is_final)  # fmt: skip


def refusal_of_answer(said: str) -> Refusal | None:
    """What an SMTP server answered; None for words of our own, such as of a lost connection."""
    return refusal_of(said) if _PLAIN.match(said) else None


def explain(kept: str) -> str:
    """What was stored, in the reader's language."""
    word, _mark, said = kept.partition(":")
    if word not in _WORDS:
        return kept
    told = str(_WORDS[word])
    return f"{told} ({said.strip()})" if said.strip() else told
