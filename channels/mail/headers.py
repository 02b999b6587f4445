"""The header fields of one mail, read once, decoded on demand."""

import hashlib
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from channels.mail.addresses import MOST_ADDRESSES, parse_addresses
from channels.mail.decode import header_text, storable
from channels.mail.parsed import Address

RECIPIENT_HEADERS = (
    "to", "cc", "bcc", "x-forwarded-to", "delivered-to", "x-original-to", "envelope-to",
    "x-gm-original-to",
)  # fmt: skip
#: Where relays write what they think of a mail: SpamAssassin, then Rspamd.
SPAM_HEADERS = (
    "x-spam-flag", "x-spam-status", "x-spam-score", "x-spam", "x-spamd-result",
    "x-rspamd-score", "x-rspamd-action",
)  # fmt: skip
LAST_REFERENCES = 50
_ID = re.compile(r"<([^<>]{1,990})>")
_VIA_LIST = re.compile(r"\s+via\s.{1,200}$", re.IGNORECASE)
_SUBJECT_MARK = re.compile(
    r"\s*(?:(?:re|aw|antw|antwort|sv|vs|ref|rif|r|res|odp|ynt|yanıt|atb|bls|vá|svar|回复|回覆|答复|答覆"
    r"|返信|답장|回复|转发|轉寄|fw|fwd|wg|tr|rv|enc|i|pd|doorst|vb|vl|továbbítás|ответ|на|fyi)"
    r"(?:\s{0,3}[\[(]?\d{1,3}[\])]?)?\s{0,3}[:：]\s*)+",
    re.IGNORECASE,
)
_FORWARD_MARK = re.compile(
    r"\s*(?:fwd?|fw|wg|tr|rv|enc|pd|doorst|vb|vl|转发|轉寄|转寄|転送|전달|i)\s{0,3}[:：]|\s*\[fwd?:",
    re.IGNORECASE,
)


class Headers:
    """Fields of a message by lower-case name; 8-bit values are read with the body's charset."""

    def __init__(self, message: Message, hint: str = "") -> None:
        self.hint = hint
        self._fields: dict[str, list[str]] = {}
        self._read: dict[tuple[str, ...], tuple[Address, ...]] = {}
        for name, value in message.raw_items():
            self._fields.setdefault(name.lower().strip(), []).append(str(value))

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def names(self) -> list[str]:
        return list(self._fields)

    def raw(self, name: str) -> str:
        """The first value as it came, "" when absent."""
        values = self._fields.get(name)
        return values[0] if values else ""

    def get(self, name: str) -> str:
        """The first value, decoded to one line."""
        return header_text(self.raw(name)[: 64 * 1024], self.hint)

    def all(self, name: str) -> list[str]:
        return [header_text(value[: 64 * 1024], self.hint) for value in self._fields.get(name, [])]

    def addresses(self, *names: str) -> tuple[Address, ...]:
        """Pairs of all fields of these names in order, 48 at most, none twice; read only once."""
        if names in self._read:
            return self._read[names]
        found: dict[Address, None] = {}
        for name in names:
            for value in self._fields.get(name, [])[:MOST_ADDRESSES]:
                for pair in parse_addresses(value, self.hint):
                    found.setdefault(pair)
        self._read[names] = tuple(found)[:MOST_ADDRESSES]
        return self._read[names]

    def recipients(self) -> tuple[str, ...]:
        """Every address the mail was meant for, lower-cased; the machine's own fields included."""
        found: dict[str, None] = {}
        for name in RECIPIENT_HEADERS:
            for _, address in self.addresses(name):
                if "@" in address:
                    found.setdefault(address.lower())
        return tuple(found)

    def ids(self, name: str) -> list[str]:
        """Message-IDs of a field without brackets, in order, none twice, the last fifty."""
        text = " ".join(self.all(name))
        found = _ID.findall(text) or re.split(r"[\s,<>]+", text[:4000])
        unique = dict.fromkeys(re.sub(r"\s+", "", one) for one in found if one.strip())
        return list(unique)[-LAST_REFERENCES:]


def sender(headers: Headers) -> Address:
    """Who wrote it (rule 54): From; Sender or Reply-To only when From has no usable address."""
    froms = [pair for pair in headers.addresses("from") if pair != ("", "")]
    usable = [pair for pair in froms if "@" in pair[1]]
    original = headers.addresses("x-original-from")
    replies = headers.addresses("reply-to")
    if original and replies and original[0][1].lower() == replies[0][1].lower():
        return original[0]
    if usable and (author := _author_behind_list(headers, usable[0], replies)):
        return author
    if usable:
        return usable[0]
    for name in ("reply-to", "sender", "return-path"):
        for pair in headers.addresses(name):
            if "@" in pair[1] and pair[1].count("@") == 1:
                return (froms[0][0] if froms else "") or pair[0], pair[1]
    return froms[0] if froms else ("", "")


def from_addresses(headers: Headers) -> tuple[str, ...]:
    """Every address that From names, in lower case; an honest mail has one."""
    found = (address.lower() for _, address in headers.addresses("from") if "@" in address)
    return tuple(dict.fromkeys(found))


def _author_behind_list(
    headers: Headers, shown: Address, replies: tuple[Address, ...]
) -> Address | None:
    """Who wrote to a Mailman list that puts itself into From and the author into Reply-To."""
    lists = {address.lower() for _, address in headers.addresses("x-beenthere", "list-post")}
    if "x-mailman-version" not in headers or shown[1].lower() not in lists:
        return None
    author = next((pair for pair in replies if pair[1].lower() not in lists), None)
    if author is None or "@" not in author[1]:
        return None
    return author[0] or _VIA_LIST.sub("", shown[0]), author[1]


def message_id(headers: Headers, raw: bytes, from_email: str) -> tuple[str, bool]:
    """The mail's own id, or one derived from its bytes: a redelivery has it too (rule 50)."""
    own = headers.ids("message-id")
    if own:
        return own[0], True
    digest = hashlib.sha256(raw).hexdigest()[:40]
    domain = from_email.rpartition("@")[2].lower()
    safe = domain if re.fullmatch(r"[a-z0-9.-]{1,200}", domain) else "unknown.invalid"
    return f"gen-{digest}@{safe}", False


def date_of(headers: Headers) -> datetime | None:
    """When the sender says it was written, in UTC; None when it cannot be read."""
    value = headers.get("date")[:100]
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def subject_of(headers: Headers) -> str:
    """The subject on one line, without control characters."""
    text = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", headers.get("subject"))
    return storable(text).strip()[:998]


def clean_subject(subject: str) -> str:
    """The subject without the marks of reply and forward, in any of the known languages."""
    mark = _SUBJECT_MARK.match(subject)
    rest = subject[mark.end() :].strip() if mark else subject.strip()
    return rest or subject.strip()


def is_forward(subject: str) -> bool:
    return bool(_FORWARD_MARK.match(subject))
