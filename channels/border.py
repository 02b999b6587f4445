"""What our own border says of a sender, in Authentication-Results (RFC 8601).

Only fields that bear our authserv-id count, wherever they stand: whoever forges one cannot
take back what the true one says, since a pass must be said by all of them. Without a
configured authserv-id nobody is ever vouched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from channels.mail.parsed import ParsedMail

_LONGEST = 4000
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\((?:\\.|[^()\\])*\)')
_VERDICT = re.compile(r"([a-z0-9-]{1,40})(?:/[0-9]{1,3})?=([a-z]{1,20})(?: |$)")
_HEADER_FROM = re.compile(r" header\.from=(?:[^ @]{1,320}@)?([^ ;@]{1,255})")


@dataclass(frozen=True)
class Verdict:
    """One method's result, such as dmarc's, and the domain it is about where that is said."""

    method: str
    result: str
    domain: str = ""


def dmarc_of(mail: ParsedMail) -> str:
    """``pass`` when all our verdicts say so, ``fail`` when one does; or another word, or ""."""
    results = [each.result for each in _verdicts(mail) if each.method == "dmarc"]
    if "fail" in results:
        return "fail"
    return next((result for result in results if result != "pass"), results[0] if results else "")


def vouches_for(mail: ParsedMail, address: str) -> bool:
    """Whether our border says that the domain of ``address``, the mail's only From, wrote it."""
    if mail.froms != (address.lower(),) or dmarc_of(mail) != "pass":
        return False
    domain = address.lower().rpartition("@")[2]
    named = [each.domain for each in _verdicts(mail) if each.method == "dmarc"]
    return all(name in ("", domain) for name in named)


def signed(mail: ParsedMail) -> bool:
    """Whether one of its signatures held; True where our border does not look at them."""
    results = [each.result for each in _verdicts(mail) if each.method == "dkim"]
    return not results or "pass" in results


def _verdicts(mail: ParsedMail) -> Iterator[Verdict]:
    border = settings.HARBOUR_AUTHSERV_ID.lower()
    for field in mail.auth_results if border else ():
        server, _, said = _unquoted(field.lower()[:_LONGEST]).partition(";")
        if server.strip().split(" ")[0] != border:
            continue
        for part in said.split(";"):
            if found := _VERDICT.match(part.strip()):
                about = _HEADER_FROM.search(f" {part.strip()}")
                yield Verdict(found[1], found[2], about[1].rstrip(".") if about else "")


def _unquoted(field: str) -> str:
    """On one line, without what is quoted or a comment; comments may hold comments.

    It ends where a quote or a comment begins that never ends.
    """
    plain, count = " ".join(field.split()), 1
    while count:
        plain, count = _QUOTED.subn(" ", plain)
    return " ".join(re.split(r'["(]', plain, maxsplit=1)[0].split())
