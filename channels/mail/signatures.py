"""The signature below an answer: found from the bottom, never the whole text."""

import re

from channels.mail.sent_from import is_sent_from

_DELIMITER = re.compile(r"\s{0,3}(?:--|—|–|-{2}\s)\s{0,3}$|_{5,}\s*$|—{2,}\s*$|⸻\s*$")
_LONGEST = 20
_WORDS = (
    "best|best regards|best wishes|kind regards|kindest regards|warm regards"
    "|warmest regards|regards"
    "|with regards|cheers|thanks|thanks a lot|many thanks|thanks again|thank you|thanks in advance"
    "|thx|sincerely|yours sincerely|sincerely yours|yours|yours truly|cordially"
    "|respectfully|br|rgds"
    "|all the best|take care|have a nice day|mit freundlichen grüßen|mit freundlichen grüssen|mfg"
    "|viele grüße|liebe grüße|beste grüße|freundliche grüße|grüße|gruß|danke|cordialement"
    "|bien cordialement|bien à vous|salutations|merci|saludos|un saludo|gracias"
    "|atentamente|atenciosamente"
    "|obrigado|obrigada|abraços|cordiali saluti|distinti saluti|saluti|grazie"
    "|met vriendelijke groet"
    "|met vriendelijke groeten|groet|groeten|groetjes|bedankt|hilsen|med venlig hilsen"
    "|venlig hilsen"
    "|mvh|mvh\\.|med vänlig hälsning|med vänliga hälsningar|vänliga hälsningar|hälsningar"
    "|tack|vennlig hilsen"
    "|med vennlig hilsen|pozdrawiam|z poważaniem|s pozdravem|s pozdravom|terveisin"
    "|ystävällisin terveisin"
    "|üdvözlettel|с уважением|спасибо|з повагою|дякую|saygılarımla|teşekkürler"
    "|cu stimă|此致|敬礼|祝好|谢谢"
    "|顺颂商祺|谨启|敬具|よろしくお願いします|よろしくお願いいたします|감사합니다"
)
_SIGN_OFF = re.compile(
    rf"\s{{0,9}}(?:{_WORDS})(?:\s?(?:&|and|und|et|y|e|,)\s(?:{_WORDS}))?\s{{0,3}}[,.!。，！~-]{{0,3}}\s*$",
    re.IGNORECASE,
)
_SIGNED_LINE = re.compile(
    rf"\s{{0,9}}(?i:{_WORDS})[,.!]{{0,2}}\s(?:[-–—]\s?)?[^\W\d_a-z][\w'’.]{{0,20}}(?:\s[^\W\d_a-z][\w'’.]{{0,20}})?\s*$"
)
_NAME = re.compile(r"(?![a-zß-öø-ÿ])[^\W\d_][\w.'’-]{0,24}(?: [^\W\d_]?[\w.'’-]{0,24}){0,3}$")
_DASHED_NAME = re.compile(
    r"\s*[-–—]{1,5}\s?[^\W\d_][\w'’.]{0,20}(?: [^\W\d_][\w'’.]{0,20}){0,2}\s*$"
)
_JUNK = re.compile(r"[\W_ᐧ]{1,80}$")


def split_signature(lines: list[str]) -> int:
    """Where the signature starts: an index into `lines`, len(lines) when there is none."""
    end = _without_junk(lines, len(lines))
    start = _delimited(lines, end)
    start = _sent_from(lines, start)
    start = _signed_off(lines, start)
    start = _without_junk(lines, start)
    return start if any(line.strip() for line in lines[:start]) else len(lines)


def _without_junk(lines: list[str], end: int) -> int:
    """Step back over empty lines and lines of mere punctuation at the bottom."""
    while end and (not lines[end - 1].strip() or _junk(lines, end - 1)):
        end -= 1
    return end


def _junk(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    return (
        line != "```"
        and not line.startswith(">")
        and _JUNK.match(line) is not None
        and not _smile(line)
    )


def _smile(line: str) -> bool:
    return len(line) <= 3 and not re.match(r"[-_=*#~+.]{1,3}$|ᐧ$", line)


def _delimited(lines: list[str], end: int) -> int:
    """The first delimiter line with a short enough rest below it."""
    fenced = sum(1 for line in lines[:end] if line.startswith("```")) % 2
    if fenced:
        return end
    for at in range(max(1, end - _LONGEST), end):
        if _DELIMITER.match(lines[at]) and any(line.strip() for line in lines[:at]):
            return at
    return end


def _sent_from(lines: list[str], end: int) -> int:
    """ "Sent from my phone" as the last words, with or without a link."""
    at = _last_filled(lines, end)
    if at < 1:
        return end
    return at if is_sent_from(lines[at]) else end


def _signed_off(lines: list[str], end: int) -> int:
    """ "Regards," and at most three lines of name below; or "-ann" alone."""
    last = _last_filled(lines, end)
    if last < 1:
        return end
    above = _last_filled(lines, last)
    if _DASHED_NAME.match(lines[last]) and not lines[above].lstrip().startswith(("-", "*", "–")):
        return last
    if _SIGNED_LINE.match(lines[last]) and len(lines[last]) < 60 and not lines[last - 1].strip():
        return last
    names = 0
    for at in range(last, max(0, last - 6), -1):
        line = lines[at].strip()
        if _SIGN_OFF.match(line):
            above = _last_filled(lines, at)
            start = above if above > 0 and _SIGN_OFF.match(lines[above]) else at
            return start if names and start > 0 else end
        if line:
            names += 1
            if names > 3 or not _NAME.match(line) or len(line) > 50:
                return end
    return end


def _last_filled(lines: list[str], end: int) -> int:
    at = end - 1
    while at >= 0 and not lines[at].strip():
        at -= 1
    return at
