"""Finds seed phrases and keys before anything is stored, and takes them out.

Nobody at a support desk needs them, and whoever reads one can empty a wallet. Transaction hashes
look like private keys and are what support is about: only a key that is called one is taken.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator

from support.seed_phrases import find_phrases

SEED_PHRASE, PRIVATE_KEY, API_SECRET = "seed phrase", "private key", "API secret"

Finding = tuple[int, int, str]

_HIDDEN = re.compile(
    "[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_B58 = "1-9A-HJ-NP-Za-km-z"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ARMOUR = re.compile(r"-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY( BLOCK)?-----")
_ARMOURED = re.compile(r"[A-Za-z0-9+/=\s:,.\\-]*")
_EXTENDED = re.compile(rf"(?<![0-9A-Za-z])[a-zA-Z]prv[{_B58}]{{100,112}}(?![0-9A-Za-z])")
_WIF = re.compile(rf"(?<![0-9A-Za-z])(?:[59][{_B58}]{{50}}|[KLc][{_B58}]{{51}})(?![0-9A-Za-z])")
_BYTES = re.compile(r"\[\s{0,9}(?:\d{1,3}\s{0,9},\s{0,9}){63}\d{1,3}\s{0,9}\]")
_SEALED = re.compile(r"(?i)[\"']ciphertext[\"']\s{0,9}:\s{0,9}[\"'][0-9a-f]{32,4096}[\"']")
_KEYSTORE = re.compile(r"(?i)[\"'](?:scrypt|pbkdf2|argon2id?|kdf)[\"']")
_LABEL = re.compile(
    r"(?i)priv(?:ate)?[\s_-]{0,3}key|secret[\s_-]{0,3}key|spend[\s_-]{0,3}key|私[钥鑰匙]|密[钥鑰]|秘密鍵"
    r"|プライベートキー|秘密キー|개인\s?키|비밀\s?키|приватн\w{0,4} ключ|закрыт\w{0,4} ключ"
    r"|секретн\w{0,4} ключ|clave (?:privada|secreta)|chave (?:privada|secreta)|cl[ée] priv[ée]e"
    r"|chiave privata|kunci pri[bv]adi|privater? schlüssel|özel anahtar|khóa riêng"
    r"|soukrom\w{0,3} klíč"
)
_KEY = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:0[xX])?(?:[0-9a-fA-F][ \t\r\n:-]{0,2}){63}[0-9a-fA-F]"
    rf"|[{_B58}]{{50,90}}|[A-Za-z0-9+/]{{43}}=)(?![0-9A-Za-z])"
)
_HASH_LABEL = re.compile(
    r"(?i)(?:tx|hash|transaction|block|/|交易|哈希|雜湊|区块|區塊|address|地址|public key|公[钥鑰])"
    r"[^0-9a-z\n]{0,12}(?:id|hash|is|for)?[^0-9a-z\n]{0,6}$"
)
_API_SECRET = re.compile(
    r"(?i)(?:(?:api|app|client|access)[\s_-]{0,3}secret(?:[\s_-]{0,3}key)?"
    r"|secret[\s_-]{0,3}(?:access[\s_-]{0,3})?key|(?:api|access)[\s_-]{0,3}token)[\"']?"
    r"\s{0,9}(?:[:=：]|is)\s{0,9}[\"']?([A-Za-z0-9_+/=.-]{16,256})"
)
LABEL_REACH, BEHIND_REACH, LONGEST_KEY = 60, 30, 220


def redact(text: str) -> tuple[str, list[str]]:
    """Return the text without its secrets, and what kinds were taken, in order.

    For HTML redact its text; if that finds anything, keep the text instead of the HTML, since tags
    may part a phrase.
    """
    findings = sorted(_findings(text), key=lambda finding: (finding[0], -finding[1]))
    pieces, kinds, place = [], [], 0
    for start, end, kind in findings:
        if start >= place:
            pieces += [text[place:start], f"[removed: {kind}]"]
            kinds.append(kind)
        place = max(place, end)
    return "".join([*pieces, text[place:]]), kinds


def _findings(text: str) -> Iterator[Finding]:
    """Search the text as it reads, and where hidden signs part it, both ways of reading it."""
    plain = _plain(text)
    if not _HIDDEN.search(plain):
        yield from _search(plain)
        return
    yield from _search(_HIDDEN.sub(" ", plain))
    places = [place for place, sign in enumerate(plain) if not _HIDDEN.match(sign)]
    for start, end, kind in _search(_HIDDEN.sub("", plain)):
        yield places[start], places[end - 1] + 1, kind


def _plain(text: str) -> str:
    """Full-width and ornamental letters as ordinary ones, sign by sign so that places stay."""
    if text.isascii():
        return text
    odd = {sign: unicodedata.normalize("NFKC", sign) for sign in set(text) if not sign.isascii()}
    return text.translate(
        {ord(sign): to for sign, to in odd.items() if len(to) == 1 and to != sign}
    )


def _search(text: str) -> Iterator[Finding]:
    yield from ((start, end, SEED_PHRASE) for start, end in find_phrases(text))
    yield from ((start, end, PRIVATE_KEY) for start, end in _armoured(text))
    keystore = (_SEALED,) if _KEYSTORE.search(text) else ()
    for pattern in (_EXTENDED, _BYTES, *keystore):
        yield from ((*match.span(), PRIVATE_KEY) for match in pattern.finditer(text))
    for match in _WIF.finditer(text):
        if _base58_holds(match[0]):
            yield *match.span(), PRIVATE_KEY
    for label in _LABEL.finditer(text):
        yield from _called_a_key(text, label)
    for match in _API_SECRET.finditer(text):
        if re.search(r"\d", match[1]) and re.search(r"[A-Za-z]", match[1]):
            yield *match.span(1), API_SECRET


def _armoured(text: str) -> Iterator[tuple[int, int]]:
    """A PEM or PGP block; one whose end is missing goes as far as its letters do."""
    reached = 0
    for begin in _ARMOUR.finditer(text):
        if begin.start() < reached:
            continue
        closing = f"-----END {begin[1]}PRIVATE KEY{begin[2] or ''}-----"
        body = _ARMOURED.match(text, begin.end())
        reached = body.end() if body else begin.end()
        end = text.find(closing, begin.end(), reached)
        yield begin.start(), end + len(closing) if end >= 0 else reached


def _called_a_key(text: str, label: re.Match[str]) -> Iterator[Finding]:
    """What looks like a key close behind the words for one, or else just before them."""
    start, end = label.span()
    behind = [
        key.span()
        for key in _KEY.finditer(text, end, end + LABEL_REACH + LONGEST_KEY)
        if key.start() - end <= LABEL_REACH and not _is_called_a_hash(text, end, key.start())
    ]
    before = [
        key.span()
        for key in _KEY.finditer(text, max(0, start - LONGEST_KEY), start)
        if start - key.end() <= BEHIND_REACH and not _is_called_a_hash(text, 0, key.start())
    ]
    yield from ((*span, PRIVATE_KEY) for span in behind or before)


def _is_called_a_hash(text: str, low: int, place: int) -> bool:
    return bool(_HASH_LABEL.search(text[max(low, place - 24) : place]))


def _base58_holds(written: str) -> bool:
    """The checksum of Base58Check: four bytes of a double SHA-256."""
    number = 0
    for sign in written:
        number = number * 58 + _ALPHABET.index(sign)
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    digest = hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()
    return digest[:4] == raw[-4:]
