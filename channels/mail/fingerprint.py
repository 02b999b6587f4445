"""Whether two mails under one Message-ID are one: by who wrote, what about, and the words."""

import hashlib
import re

from channels.mail.parsed import ParsedMail

_LIST_MARK = re.compile(r"^\s*(?:\[[^\]]{1,60}\]\s*)+")
#: What lists put under a mail: a rule, and not many lines after it.
_RULE = re.compile(r"^[ \t]{0,4}[-_=*]{10,}[ \t\r]*$", re.MULTILINE)
_FOOTER_LINES = 12
_FOOTER = re.compile(r"unsubscribe|mailing list|mailman|listinfo|退订|邮件列表", re.IGNORECASE)


def fingerprint(mail: ParsedMail) -> str:
    """The same for a mail that is delivered again, by another way or through a list."""
    subject = _LIST_MARK.sub("", mail.clean_subject)
    parts = (mail.from_email.lower(), subject, _without_footer(mail.text))
    plain = "\0".join("".join(part.split()) for part in parts)
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _without_footer(text: str) -> str:
    rules = list(_RULE.finditer(text))
    for rule in reversed(rules[-2:]):
        footer = text[rule.start() :]
        if footer.count("\n") <= _FOOTER_LINES and _FOOTER.search(footer):
            text = text[: rule.start()]
    return text
