"""Ticket references: 12 random digits and a Damm check digit, printed as 4829-1373-0456-2."""

import re
import secrets
import unicodedata

from stdnum import damm

DIGITS = 13
LONGEST_INPUT = 80

# Unicode's dashes (category Pd), the signs that keyboards offer in their place, and every blank.
_DASHES = "-_.·‐‑‒–—―−⁃﹘﹣－ーｰ〜~"
_BLANKS = " \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SEPARATORS = re.compile(rf"[{re.escape(_DASHES)}{_BLANKS}\r\n#＃№]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\ufeff]")

_LINK = rf"[{re.escape(_DASHES.translate({ord(c): None for c in '_.·'}))}{_BLANKS}]"
_RUN = re.compile(rf"\d(?:{_LINK}{{0,3}}\d)*")
_BLANK = re.compile(rf"[{_BLANKS}]+")
_WRITTEN_ALONE = re.compile(r"\d{13}|\d{4}\D\d{4}\D\d{4}\D\d")
_LABEL_BEFORE = re.compile(r"(?:^|[^0-9A-Za-z])[A-Za-z]{0,12}$")
_NUMBER_BEFORE = re.compile(r"\+$|\d[,./:]$")
_NUMBER_BEHIND = re.compile(r"[A-Za-z]|[,./:]\d")
_EMPTIED = re.compile(r"[\[({（【]\s{0,9}[#＃№]?\s{0,9}[\])}）】]|[#＃№]\s{0,9}$")
# What else has 13 digits: a Chinese mobile with its country code, a clock in milliseconds, an
# ISBN; and a leading nought, which spreadsheets eat and telephones put before area codes.
_LOOKS_FOREIGN = re.compile(r"0|861[3-9]|1[5-9]|97[89]")


def new() -> str:
    """Return 13 digits nobody can guess. Uniqueness is the database's to promise."""
    while True:
        digits = f"{secrets.randbelow(10**12):012}"
        if not _LOOKS_FOREIGN.match(digits):
            return digits + damm.calc_check_digit(digits)


def display(reference: str) -> str:
    """Group the 13 digits for eyes and voices: 4829-1373-0456-2."""
    return "-".join((reference[:4], reference[4:8], reference[8:12], reference[12:]))


def is_wellformed(reference: str) -> bool:
    """Say whether this is 13 plain digits whose check digit holds."""
    plain = len(reference) == DIGITS and reference.isascii() and reference.isdigit()
    return plain and bool(damm.is_valid(reference))


def normalise(text: str) -> str | None:
    """Read a reference as people type it: any script's digits, any blanks and dashes."""
    if len(text) > LONGEST_INPUT:
        return None
    digits = _plain(_SEPARATORS.sub("", _INVISIBLE.sub("", text)))
    return digits if is_wellformed(digits) else None


def find_all(text: str) -> list[str]:
    """Find the references in free text, in order, once each; never a part of a longer number."""
    text = _INVISIBLE.sub("", text)
    found = dict.fromkeys(
        reference for run in _RUN.finditer(text) for reference in _in_run(text, run)
    )
    return list(found)


def without(text: str) -> str:
    """The text with its references taken out, and with the brackets that held them."""
    text = _INVISIBLE.sub("", text)
    for run in reversed(list(_RUN.finditer(text))):
        if _in_run(text, run):
            text = f"{text[: run.start()]} {text[run.end() :]}"
    return " ".join(_EMPTIED.sub(" ", text).split())


def _in_run(text: str, run: re.Match[str]) -> list[str]:
    """A run of digit groups is one reference, or holds some that blanks set apart, or none."""
    if not _stands_free(text, run.start(), run.end()):
        return []
    whole = _plain(run.group())
    if len(whole) <= DIGITS:
        candidates = [whole]
    else:
        pieces = _BLANK.split(run.group())
        candidates = [_plain(piece) for piece in pieces if _WRITTEN_ALONE.fullmatch(piece)]
    return [c for c in candidates if is_wellformed(c) and not _LOOKS_FOREIGN.match(c)]


def _stands_free(text: str, start: int, end: int) -> bool:
    """Not the middle of a hash, an amount or a telephone number; a label in front is welcome."""
    before = text[max(0, start - 14) : start]
    if _NUMBER_BEHIND.match(text, end) or _NUMBER_BEFORE.search(before):
        return False
    return bool(_LABEL_BEFORE.search(before))


def _plain(text: str) -> str:
    """Keep digits, as ASCII; anything else stays and so fails the check, save known separators."""
    text = _SEPARATORS.sub("", text)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
