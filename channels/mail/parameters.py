"""Parameters of Content-Type and Content-Disposition: RFC 2231, and what senders do instead."""

import re
from urllib.parse import unquote_to_bytes

from channels.mail.decode import decode_text, header_text, storable

_PARAMETER = re.compile(
    r";[;\s]*([\w.-]{1,60})(\*\d{1,3})?(\*)?\s*=\s*(?:\"((?:[^\"\\]|\\.)*+)\"?|([^;]*))", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_LONGEST = 16 * 1024


def parameters(raw: str, hint: str = "") -> dict[str, str]:
    """Decoded parameters by lower-case name; continuations joined, charsets applied."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in _PARAMETER.finditer(";" + raw[:_LONGEST].partition(";")[2]):
        name = match[1].lower()
        quoted = match[4]
        value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else match[5].strip()
        if match[2] or match[3]:
            number = int((match[2] or "*0")[1:])
            pieces.setdefault(name, {}).setdefault(number, (bool(match[3]), value))
        else:
            plain.setdefault(name, header_text(value, hint))
    for name, numbered in pieces.items():
        plain[name] = _join(numbered, hint)
    return plain


def _join(numbered: dict[int, tuple[bool, str]], hint: str) -> str:
    charset = ""
    data = b""
    for number in sorted(numbered):
        encoded, value = numbered[number]
        if encoded:
            if not data and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            data += unquote_to_bytes(value.encode("utf-8", "surrogateescape"))
        else:
            data += value.encode("utf-8", "surrogateescape")
    text = decode_text(data, charset, hint)
    return header_text(text, hint) if "=?" in text else text


def safe_name(name: str) -> str:
    """A file name without path, control characters or tricks of direction (rule 60)."""
    base = re.split(r"[\\/]", _CONTROL.sub(" ", storable(name)))[-1]
    tidy = re.sub(r"\s+", " ", base).strip(" \"'")
    if len(tidy) > 200:
        stem, dot, extension = tidy.rpartition(".")
        tidy = f"{stem[:180]}.{extension}" if dot and len(extension) <= 16 else tidy[:200]
    return "" if tidy in ("", ".", "..") else tidy
