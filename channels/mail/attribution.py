"""Is this line the announcement of a quotation? All patterns are bounded or linear."""

import re

from channels.mail.quote_words import (
    ENDS_WITH_WROTE,
    FIELD,
    FORWARD_RULE,
    HAS_WROTE,
    LEAD,
    MESSAGE_RULE,
    REPLY_ABOVE,
    field_kind,
)

_LONGEST = 400
MOST_NAMES = 5
_EMAIL = re.compile(r"[^\s<>@]{1,100}@[^\s<>@]{1,200}")
_DATE = re.compile(
    r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d{2}\b|\d{1,4}\s?[./年-]\s?\d{1,2}\s?[./月-]\s?\d{1,4}"
    r"|\d{1,2}\.?\s\w{3,10}\.?\s\d{4}|[上下]午|오[전후]|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},"
)
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}")
_TIME_OR_YEAR = re.compile(r"\d{1,2}[:.]\d{2}|\b(?:19|20)\d{2}\b")
_GMAIL_BARE = re.compile(
    r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2} (?:\d{1,2}:\d\d (?:GMT|UTC)[+-]\d\d:\d\d )?.{1,150}$"
)
_GMAIL_ZONE = re.compile(r"\d\d? (?:GMT|UTC)[+-]\d\d:\d\d .{1,150}$|\d\d:\d\d (?:GMT|UTC)[+-]")
_OWN_WORDS = re.compile(
    r"\b(?:i|we|he|she|they|has|have|had|was|were|been|is|are)\s(?:wrote|writes|sent|said)\W*$",
    re.IGNORECASE,
)
_OWN_START = re.compile(
    r"(?:i|we|you|they|he|she|please|ich|wir|je|nous|yo|我|我们)\s", re.IGNORECASE
)
_LOG_LINE = re.compile(r"[\d-]{8,10}[T ]\d\d:\d\d:\d\d\S{0,8}\s[^,]{0,100}$")
_DASHES = frozenset("-_=─—")
_RULE = re.compile(r"[\s*_=\-—─~#+.]{2,200}$")
_OUTER = re.compile(r"^[\s*_\-—–>|]{0,60}|[\s*_\-—]{0,60}$")
# Horde, Mutt's users, GroupWise, forums: no verb that says "wrote", or none where others have it.
_QUOTING = re.compile(
    r"(?:quoting|zitat von|citando (?:a )?|selon|cytuję|citerar|citat från|citat fra|citaat van"
    r"|цитирую)\s",
    re.IGNORECASE,
)
_POSTED = re.compile(r"posted by .{1,80} on \d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}$", re.IGNORECASE)
_ENDS_WITH_ADDRESS = re.compile(r"<[^\s<>@]{1,100}@[^\s<>@]{1,200}>$")
GROUPWISE = re.compile(r">>>\s[^>]{2,200}>?[^>]{0,60}\d{1,2}[:.]\d{2}[^>]{0,20}>>>\s*$")
_LONE_FROM = re.compile(
    r"[\s*_]{0,8}(?:from|von|de|da|van|fra|från|od|от|від|lähettäjä|feladó|kimden|gönderen|发件人"
    r"|寄件者|寄件人|差出人|보낸\s?사람)\s?[:：][*_]{0,2}\s{0,4}[^<>\[\]\n]{1,80}"
    r"[<\[](?:mailto:)?[^<>\s@]{1,100}@[^<>\s@]{1,200}[>\]]\s{0,4}$",
    re.IGNORECASE,
)
_SAID_BY = re.compile(r"[^:：]{0,200}[:：]\s*$")


def is_attribution(text: str) -> bool:
    """Is `text` (one line, or several joined) an "On …, … wrote:"?"""
    if len(text) > _LONGEST:
        return False
    line = _OUTER.sub("", text)
    if len(line) < 8:
        return False
    has_date = _DATE.search(line) is not None
    has_email = "@" in line and _EMAIL.search(line) is not None
    closed = line.endswith((":", "：", ":>"))
    if not (has_date or has_email or closed):
        return False
    if _OWN_WORDS.search(line) or _OWN_START.match(line):
        return False
    if closed and _closed_attribution(line, has_date=has_date, has_email=has_email):
        return True
    if ENDS_WITH_WROTE.search(line) and (has_email or has_date):
        return has_email or LEAD.match(line) is not None
    return _POSTED.match(line) is not None or _without_verb(line)


def _closed_attribution(line: str, *, has_date: bool, has_email: bool) -> bool:
    """One that a colon closes: with a verb, a known word, or an address that stands last."""
    if has_email and _QUOTING.match(line):
        return True
    if _named(line) or (" via " in line and ENDS_WITH_WROTE.search(line)):
        return True
    if not (has_date or has_email):
        return False
    if ENDS_WITH_WROTE.search(line):
        return has_email or LEAD.match(line) is not None or not _LOG_LINE.match(line)
    if HAS_WROTE.search(line):
        return LEAD.match(line) is not None or line[0].isdigit() or has_email
    if has_email and _TIME_OR_YEAR.search(line):
        return _SAID_BY.search(line[-201:]) is not None and _ends_with_person(line)
    return False


def _without_verb(line: str) -> bool:
    """`On Tue, 3 Feb 2026 at 10:00, Ann <ann@example.com>` and Gmail's bare date and sender."""
    if LEAD.match(line) and _ENDS_WITH_ADDRESS.search(line) and _CLOCK.search(line):
        return True
    return bool(_GMAIL_BARE.match(line) and (_GMAIL_ZONE.search(line) or line.endswith(">")))


def _named(line: str) -> bool:
    """`Ann Example wrote on 3 Feb 2026 10:00:` - a name, the verb, the date (Notes, Gmail)."""
    verb = HAS_WROTE.search(line)
    if verb is None or not 1 <= len(line[: verb.start()].split()) <= MOST_NAMES:
        return False
    named = line[: verb.start() + 1]
    return (
        not re.search(r"[.!?]\s+[a-zß-öø-ÿ]|[:：]", named)
        and (named[0].isupper() or not named[0].islower())
        and _DATE.search(line, verb.end() - 1) is not None
    )


def _ends_with_person(line: str) -> bool:
    """`…, "Ann" <ann@example.com>:` in a language whose verb we do not know."""
    return (
        re.search(r"@[^\s<>@]{1,200}[>)\]\"']{1,2}\s{0,2}[:：]$|@[\w.-]{1,200}\s?[:：]$", line)
        is not None
    )


def may_announce(text: str) -> bool:
    """Announces a quotation if one follows right below: with a verb or an address, and a colon."""
    line = _OUTER.sub("", text[:_LONGEST])
    if len(text) > _LONGEST or not line.endswith((":", "：", ":>")) or _OWN_WORDS.search(line):
        return False
    return HAS_WROTE.search(line) is not None or _EMAIL.search(line) is not None


def attribution_at(lines: list[str], at: int) -> int:
    """How many lines from `at` make an attribution, 0 for none; up to six when wrapped."""
    first = lines[at]
    if len(first) > _LONGEST:
        return 0
    bare = _OUTER.sub("", first)
    if not bare:
        return 0
    if is_attribution(first):
        return 1
    if len(first) > 200 or not (("@" in bare and _EMAIL.search(bare)) or _DATE.search(bare)):
        return 0
    if bare.endswith((".", "!", "?")) and not re.search(r"\b(?:\w{2,4}|\d)\.$", bare):
        return 0
    return _wrapped_attribution(lines, at)


def _wrapped_attribution(lines: list[str], at: int) -> int:
    joined = lines[at].strip()
    blanks = 0
    for count in range(1, 7):
        if at + count >= len(lines):
            return 0
        line = lines[at + count].strip()
        if not line:
            blanks += 1
            if blanks > 1 or not _awaits_address(lines, at + count):
                return 0
            continue
        if line.startswith(">") and not re.match(r">\s?[\w ]{0,20}\s?[:：]", line) and line != ">:":
            return 0
        joined = f"{joined} {line}"
        if line.endswith((":", "：", "----")) and is_attribution(joined):
            return count + 1
    return 0


def _awaits_address(lines: list[str], at: int) -> bool:
    """Polymail and its like put the address on lines of its own after an empty one."""
    return at + 1 < len(lines) and lines[at + 1].strip().startswith(("<", "mailto:"))


def header_block_at(lines: list[str], at: int) -> int:
    """How many lines from `at` make a quoted header block (two fields at least), else 0."""
    match = _field(lines[at]) if at < len(lines) else None
    if not match or len(lines[at]) > 1000:
        return 0
    kinds = {_kind(match)}
    if kinds <= {"cc"} or (not lines[at][match.end() :].strip() and not _goes_on(lines, at)):
        return 0
    end = at + 1
    loose = 0
    folded = False
    while end < len(lines) and end - at < 40:
        line = lines[end]
        found = _field(line)
        if found:
            kind = _kind(found)
            if kind in kinds and kind != "cc":
                break
            kinds.add(kind)
            folded = folded or loose > 0
            loose = 0
        elif (
            loose >= 2
            or (not line.strip() and (loose or not _goes_on(lines, end)))
            or (line.strip() and not _wrapped(lines, end))
        ):
            break
        else:
            loose += 1
        end += 1
    convincing = _convincing(kinds - {"cc"}, " ".join(lines[at:end])[:2000], folded=folded)
    if convincing:
        return _trim(lines, at, end)
    return 1 if at and not lines[at - 1].strip() and _LONE_FROM.match(lines[at]) else 0


def _kind(match: re.Match[str]) -> str:
    return field_kind(match[1])


def _field(line: str) -> re.Match[str] | None:
    head = line[:60]
    return FIELD.match(line) if ":" in head or "：" in head else None


def _convincing(kinds: set[str], block: str, *, folded: bool) -> bool:
    """A header block, or only a list of a customer's ("From: London, To: Paris")?"""
    address = _EMAIL.search(block) is not None
    if len(kinds) >= 3:
        return address or "subject" in kinds
    if len(kinds) < 2 or folded or not kinds & {"from", "date"}:
        return False
    return (
        address
        or kinds == {"from", "subject"}
        or (kinds == {"from", "date"} and _TIME_OR_YEAR.search(block) is not None)
    )


def _goes_on(lines: list[str], at: int) -> bool:
    return any(_field(line) for line in lines[at + 1 : at + 3])


def _wrapped(lines: list[str], at: int) -> bool:
    """A folded value: another field follows within two lines."""
    return _goes_on(lines, at) or (_EMAIL.search(lines[at][:300]) is not None and at > 0)


def _trim(lines: list[str], at: int, end: int) -> int:
    while end > at and not _field(lines[end - 1]) and not lines[end - 1].strip():
        end -= 1
    return end - at


def rule_at(line: str) -> bool:
    """Is this "-----Original Message-----" or a forward's opening line?"""
    if len(line) >= 200:
        return False
    return (
        FORWARD_RULE.match(line) is not None
        or REPLY_ABOVE.match(line) is not None
        or (line.lstrip("> *")[:1] in _DASHES and MESSAGE_RULE.match(line) is not None)
        or (line.startswith(">>> ") and GROUPWISE.match(line) is not None)
    )


def is_rule(line: str) -> bool:
    """Only dashes, underscores and the like."""
    return len(line) <= 200 and len(line.strip()) >= 2 and _RULE.match(line) is not None
