"""Who wrote a mail (rules 54 and 55), and nothing that only looks like it.

From is the sender. A form that relays what visitors typed is the exception an administrator
names: then it is Reply-To. Programs disagree about broken From fields, and forgers live on
that: where the last address that a reader sees is not the one we would take, nobody is
believed, and the mail waits for an operator.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from channels.base import RawCall, Unreadable
from channels.mail.parsed import ParsedMail
from people.operations import Address

_PLAIN = re.compile(r"[^\s@\"\\<>()\[\],;:]+@[\w-]+(?:\.[\w-]+)*")
_DOMAIN = re.compile(r"@\s*([^\s<>()\[\]\",;:@]+)")
#: Who wrote a report that names no sender.
NOBODY = "mailer-daemon@unknown.invalid"


def sender_of(mail: ParsedMail, call: RawCall, *, form_relays: Collection[str] = ()) -> Address:
    """The sender. Raises ``Unreadable`` when it cannot be told."""
    if "@" in mail.from_text and not _is_honest(mail):
        raise Unreadable(f"the From field can be read in more than one way: {mail.from_text[:200]}")
    answers_to = [pair for pair in mail.reply_to if _PLAIN.fullmatch(pair[1])]
    if answers_to and mail.from_email.lower() in form_relays:
        name, address = answers_to[0]
        return Address.email(address, name or mail.from_name)
    candidates = [mail.from_email, *(address for _, address in answers_to)]
    for candidate in [*candidates, str(call.meta.get("mail_from") or "")]:
        if _PLAIN.fullmatch(candidate):
            return Address.email(candidate, mail.from_name)
    if mail.is_bounce:
        return Address.email(NOBODY, mail.from_name)
    raise Unreadable("no sender: neither From, Reply-To nor the envelope names an address")


def _is_honest(mail: ParsedMail) -> bool:
    """One plain address, at the domain that stands last in the field."""
    last: list[str] = _DOMAIN.findall(mail.from_text)
    if len(mail.froms) != 1 or not last or not _PLAIN.fullmatch(mail.froms[0]):
        return False
    return mail.froms[0].rpartition("@")[2] == last[-1].lower().strip(".'")
