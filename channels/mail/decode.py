"""Bytes to text when labels lie: charsets, encoded words (RFC 2047), broken ones included."""

import binascii
import codecs
import re
from functools import lru_cache

from channels.mail.guess import likely_charset

# A label that promises less than senders put under it is read as its superset.
SUPERSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "x-gbk": "gb18030",
    "gb_2312-80": "gb18030", "gb-2312": "gb18030", "chinese": "gb18030", "x-euc-cn": "gb18030",
    "big5": "big5hkscs", "big-5": "big5hkscs", "cn-big5": "big5hkscs", "x-x-big5": "big5hkscs",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949", "euc-kr": "cp949",
    "euc_kr": "cp949", "korean": "cp949", "windows-949": "cp949", "iso-2022-jp": "iso2022_jp_ext",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "x-euc-jp": "euc_jp", "us-ascii": "ascii", "ansi_x3.4-1968": "ascii",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "l1": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874",
    "tis-620": "cp874", "windows-874": "cp874", "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8", "iso-8859-6-i": "iso8859_6", "unicode-1-1-utf-7": "utf_7",
    "utf8mb4": "utf_8", "unicode": "utf_8", "x-utf-8": "utf_8", "cp-850": "cp850",
    "macintosh": "mac_roman", "x-mac-roman": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
}  # fmt: skip
# Only these codecs run on a stranger's bytes: idna and punycode are quadratic, others execute.
_SAFE_CODEC = re.compile(
    r"(?:ascii|utf-(?:7|8|16|32)(?:-[bl]e|-sig)?|iso8859-\d{1,2}|cp\d{3,4}|koi8-[rtu]|gb2312|gbk"
    r"|gb18030|hz|big5(?:hkscs)?|euc_\w+|euc-\w+|shift_jis\w*|iso2022_\w+|johab|mac-\w+|ptcp154"
    r"|kz1048|tis-620)"
)
_LABEL_JUNK = re.compile(r"[^\w.:+-]+")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_SINGLE_BYTE = ("cp12", "cp8", "iso8859", "koi8", "mac", "ascii")
# Programs that know no charset of their own claim these; the bytes may say something else.
_DEFAULT_LABELS = ("ascii", "cp1252")
_MULTIBYTE = ("gb", "big5", "cp949", "cp932", "euc", "iso2022", "shift", "hz", "johab")


def storable(text: str) -> str:
    """Without what Postgres refuses: NUL and lone surrogates."""
    if text.isascii() and "\x00" not in text:
        return text
    return _FORBIDDEN.sub("", text)


@lru_cache(maxsize=512)
def codec_for(label: str) -> str:
    """The codec to use for a charset label, "" for one that is unknown or unsafe."""
    name = _LABEL_JUNK.sub("", label.lower().removeprefix("charset=")).strip("-_.")
    for candidate in (SUPERSETS.get(name, name), name.replace("_", "-"), _compact(name)):
        try:
            found = codecs.lookup(SUPERSETS.get(candidate, candidate)).name
        except (LookupError, ValueError):
            continue
        return found if _SAFE_CODEC.fullmatch(found) else ""
    return ""


def _compact(name: str) -> str:
    digits = re.fullmatch(r"(?:x-)?(?:windows|cp|ms|win|ibm)[-_]?(\d{3,4})", name)
    return f"cp{digits[1]}" if digits else name.removeprefix("x-")


def decode_text(data: bytes, label: str = "", hint: str = "") -> str:
    """Text of `data`: as labelled if that fits, else utf-8, else the likeliest legacy charset.

    Bytes that are valid utf-8 are that, whatever single-byte charset the label claims; bytes
    labelled with the charset of Western mail may be in another one, where they clearly are.
    """
    codec = codec_for(label) if label else ""
    first, second = ("utf-8", codec) if codec.startswith(_SINGLE_BYTE) else (codec, "utf-8")
    for candidate in (first, second):
        if candidate in _DEFAULT_LABELS:
            candidate = likely_charset(data) or candidate
        text = _strictly(data, candidate)
        if text is not None:
            return storable(text)
    return storable(_guess(data, codec, hint))


def _strictly(data: bytes, codec: str) -> str | None:
    if not codec:
        return None
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _guess(data: bytes, codec: str, hint: str) -> str:
    if codec.startswith(_MULTIBYTE):
        return data.decode(codec, "replace")
    utf8 = data.decode("utf-8", "replace")
    bad = utf8.count("\ufffd")
    fine = sum(1 for char in utf8 if char > "\x7f" and char != "\ufffd")
    if fine > bad:
        return utf8
    hinted = _strictly(data, codec_for(hint)) if hint else None
    if hinted is not None and not hint.lower().startswith("iso-8859"):
        return hinted
    likely = likely_charset(data)
    if likely:
        return data.decode(likely, "replace")
    if _looks_chinese(data):
        return data.decode("gb18030", "replace")
    western = _strictly(data, codec if codec.startswith(("cp125", "iso8859")) else "cp1252")
    return western if western is not None else data.decode("latin-1")


def _looks_chinese(data: bytes) -> bool:
    """Unlabelled GBK: high bytes come in pairs, most of them in the range of common hanzi."""
    runs = re.findall(rb"[\x80-\xff]+", data[:65536])
    high = sum(map(len, runs))
    if high < 4 or any(len(run) == 1 for run in runs) or _strictly(data, "gb18030") is None:
        return False
    common = sum(1 for run in runs for at in range(0, len(run) - 1, 2) if 0xB0 <= run[at] <= 0xD7)
    return common * 2 >= high * 0.7


def header_text(raw: str, hint: str = "") -> str:
    """A raw header value (surrogates for 8-bit bytes) as one line of text."""
    value = re.sub(r"[\r\n]+[ \t]*", " ", raw) if "\n" in raw or "\r" in raw else raw
    if not value.isascii():
        value = decode_text(value.encode("utf-8", "surrogateescape"), "", hint)
    if "=?" in value:
        value = _decode_words(value, hint)
    return storable(value).strip()


_WORD_START = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]{0,20})?\?([bBqQ])\?")
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")


def _decode_words(value: str, hint: str) -> str:
    """Neighbours in one charset are joined before decoding: senders split characters."""
    out: list[str] = []
    held: tuple[str, bytes] | None = None
    at = 0
    for start in _WORD_START.finditer(value):
        if start.start() < at:
            continue
        between = value[at : start.start()]
        end = _word_end(value, start.end(), quoted_printable=start[2] in "qQ")
        data = _word_bytes(value[start.end() : end], start[2])
        if held and (between.strip() or held[0] != start[1].lower()):
            out.append(decode_text(held[1], held[0], hint))
            held = None
        if held:
            held = (held[0], held[1] + data)
        else:
            out.append(between if between.strip() or not out else "")
            held = (start[1].lower(), data)
        at = min(end + 2, len(value))
    if held:
        out.append(decode_text(held[1], held[0], hint))
    return "".join(out) + value[at:]


def _word_end(value: str, start: int, *, quoted_printable: bool) -> int:
    """Where the word's text ends: at "?=", or with the header when a sender cut it off."""
    end = value.find("?=", start)
    for _ in range(20):
        if end < 0 or not quoted_printable or not _HEX_PAIR.match(value, end + 2):
            break
        later = value.find("?=", end + 2)
        if later < 0:
            break
        end = later
    if end >= 0:
        return end
    blank = re.compile(r"\s").search(value, start)
    return blank.start() if blank else len(value)


def _word_bytes(text: str, encoding: str) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(
            text.replace("_", " ").encode("utf-8", "surrogateescape"), header=True
        )
    return base64_bytes(text.encode("ascii", "ignore"))


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


def base64_bytes(data: bytes) -> bytes:
    """Base64 with stray characters, missing padding or a cut end."""
    head, padding, tail = data.partition(b"=")
    if not tail.strip(b"=\r\n\t "):
        try:
            return binascii.a2b_base64(data)
        except binascii.Error:
            pass  # cut somewhere: below, what there is of it
    clean = head.translate(None, _NOT_BASE64)
    if padding and tail.strip(b"=\r\n\t ") and len(clean) % 4 == 0:
        clean += tail.translate(None, _NOT_BASE64)  # a lone "=" in the middle is only dirt
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
