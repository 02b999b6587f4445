"""Finds wallet recovery phrases (BIP-39, twelve languages) in text, however they are laid out.

Twelve listed words in a row hardly ever happen in prose, which lives on words too short for the
lists. Still a run must convince: by its checksum, by what is said around it, or by its form.
"""

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

Span = tuple[int, int]

LENGTHS = (24, 21, 18, 15, 12)
SHORTEST = 12
SHORTEST_WITH_A_SLIP = 11
LONGEST_CHECKED = 26  # a longer row of listed words is no prose and needs no proof
NEAR = 300
INTRODUCTION = 3  # words of the sentence that a row may begin with: "seed phrase", "two"

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}](?:[^\W\d_{_HAN}]|[\u0300-\u036f\u3099\u309a])*")
_HAN_ROW = re.compile(rf"[{_HAN}]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝкмтпгвнοανρικτυ",
    "aeopcyxijshdqwkmtnrbhoavpiktu",
)
_CHINESE = frozenset({"chinese_simplified", "chinese_traditional"})
# Signs that Chinese prose can hardly do without, and a phrase drawn by lot mostly does.
_PROSE = re.compile(
    "[的一是了我不在有这這个個们們你他她它吗嗎呢吧请請怎么麼什没沒会會能到就也都和与與]"
)
_KEYWORDS = re.compile(
    r"(?i)seed|mnemonic|(?:recovery|secret|backup|wallet) (?:phrase|words)|(?:12|24|twelve) words"
    r"|助[记記憶]?[词詞]|助记|助憶|种子|種子|恢复短语|シード|ニーモニック|リカバリー|復元フレーズ"
    r"|니모닉|복구|시드|мнемони|сид|секретн\w* фраз|фраз\w* восстан|semilla|semente|mnemonic"
    r"|mnémonique|récupération|recuperaci[oó]n|recupera[cç][aã]o|recupero|kurtarma|obnov|phrase|frase"
)
_CALLED = re.compile(r"(?:助[记記憶]?[词詞]|种子|種子|短语|短語)[是为為:： \n]{0,3}")
_COUNTERS = "个個号號词詞番번"
_NUMBER_BEFORE = re.compile(rf"\d\W{{0,4}}(?:st|nd|rd|th|[{_COUNTERS}])?\W{{0,3}}$")


class _Word(NamedTuple):
    start: int
    end: int
    places: dict[str, int]  # language -> where the word stands in its list
    numbered: bool


def find_phrases(text: str) -> list[Span]:
    """Return where recovery phrases stand, in linear time; spans may overlap."""
    words = list(_words(text))
    told = [keyword.start() for keyword in _KEYWORDS.finditer(text)]
    rows = [row for language, row in _rows(words) if _convinces(text, row, language, told)]
    rows += _numbered_rows(words)
    rows += [
        row
        for language, row in _rows(words, with_slips=True)
        if _is_told_of(row, told) or _has_checksum(row, language)
    ]
    spans = [(row[0].start, row[-1].end) for row in rows]
    if told:
        spans += _chinese_without_blanks(text)
    return spans


@lru_cache(maxsize=1)
def _lists() -> dict[str, dict[str, int]]:
    """Every word of every list, folded, with its place in each language it belongs to."""
    places: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for file in files("mnemonic").joinpath("wordlist").iterdir():
        language = file.name.removesuffix(".txt")
        for place, word in enumerate(file.read_text(encoding="utf-8").split()):
            places[_folded(word)][language] = place
    return dict(places)


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", word)).casefold().replace("ı", "i")


def _words(text: str) -> Iterator[_Word]:
    lists, nowhere = _lists(), dict[str, int]()
    for match in _WORD.finditer(text):
        start, end = match.span()
        folded = _folded(match[0])
        places = lists.get(folded) or (
            nowhere if folded.isascii() else lists.get(folded.translate(_LOOKALIKES), nowhere)
        )
        if "\u3400" <= folded[0] <= "\u9fff" and _has_han_neighbour(text, start):
            places = nowhere
        yield _Word(start, end, places, bool(places) and _is_numbered(text, start))


def _is_numbered(text: str, start: int) -> bool:
    before = text[max(0, start - 9) : start]
    counts = text[start] in _COUNTERS and before[-1:].isdigit()  # the 个 of 第1个
    return not counts and bool(_NUMBER_BEFORE.search(before))


def _has_han_neighbour(text: str, place: int) -> bool:
    """Chinese prose is written without blanks, phrases mostly with them."""
    around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
    return bool(_HAN_ROW.search(around))


def _rows(words: list[_Word], *, with_slips: bool = False) -> Iterator[tuple[str, list[_Word]]]:
    """Rows of listed words of one language; with slips, a few single words may be unknown."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for index, word in enumerate(words):
        for language in word.places:
            places[language].append(index)
    shortest = SHORTEST_WITH_A_SLIP if with_slips else SHORTEST
    for language, indices in places.items():
        for row in _unbroken(indices, with_slips=with_slips):
            whole = len(row) >= SHORTEST and row[-1] - row[0] < len(row)
            if len(row) >= shortest and whole != with_slips:
                yield language, [words[index] for index in row]


def _unbroken(indices: list[int], *, with_slips: bool) -> Iterator[list[int]]:
    row: list[int] = []
    slips = 0
    for index in indices:
        missing = index - row[-1] - 1 if row else 0
        if missing > (1 if with_slips else 0) or slips + missing > max(1, len(row) // 5):
            yield row
            row, slips, missing = [], 0, 0
        row.append(index)
        slips += missing
    yield row


def _numbered_rows(words: list[_Word]) -> Iterator[list[_Word]]:
    """Rows of listed words with a number before each: ``Word 1: ...`` in any language."""
    by_language: defaultdict[str, list[int]] = defaultdict(list)
    for index, word in enumerate(words):
        for language in word.places if word.numbered else ():
            by_language[language].append(index)
    for indices in by_language.values():
        row: list[int] = []
        for index in [*indices, len(words) + 9]:
            if row and index - row[-1] > 3:
                numbered = [words[i] for i in row]
                if len(row) >= SHORTEST and _varies(numbered):
                    yield numbered
                row = []
            row.append(index)


def _convinces(text: str, row: list[_Word], language: str, told: list[int]) -> bool:
    if _is_told_of(row, told) or _has_checksum(row, language):
        return True
    if not _varies(row):
        return False
    alone = language not in _CHINESE and len(row) in LENGTHS and _stands_alone(text, row)
    return alone or len(row) > LONGEST_CHECKED


def _varies(row: list[_Word]) -> bool:
    """A phrase drawn by lot hardly ever repeats a word; a log or a table does."""
    return len({id(word.places) for word in row}) >= len(row) * 5 // 6


def _has_checksum(row: list[_Word], language: str) -> bool:
    """Whether a part of the row is a phrase that a wallet would take."""
    if len(row) > LONGEST_CHECKED:
        return False
    return any(
        _holds([word.places[language] for word in part])
        and (len(part) + INTRODUCTION >= len(row) or _varies(part))
        for part in _windows(row)
    )


def _windows(row: list[_Word]) -> Iterator[list[_Word]]:
    for length in LENGTHS:
        for start in range(len(row) - length + 1):
            yield row[start : start + length]


def _holds(places: Iterable[int]) -> bool:
    """The checksum of BIP-39: the last bits are the first of the entropy's SHA-256."""
    bits = "".join(f"{place:011b}" for place in places)
    check = len(bits) // 33
    entropy = int(bits[:-check], 2).to_bytes((len(bits) - check) // 8)
    return f"{hashlib.sha256(entropy).digest()[0]:08b}"[:check] == bits[-check:]


def _is_told_of(row: list[_Word], told: list[int]) -> bool:
    """Whether one of the words for such phrases is near, at most as the row's introduction."""
    start, end = row[INTRODUCTION - 1].start, row[-INTRODUCTION].end
    before, after = bisect_left(told, start), bisect_left(told, end)
    near_before = before > 0 and start - told[before - 1] <= NEAR
    near_after = after < len(told) and told[after] - end <= NEAR
    return near_before or near_after


def _stands_alone(text: str, row: list[_Word]) -> bool:
    """Nothing else is said on the lines of the row."""
    start, end = row[0].start, row[-1].end
    before, after = text[max(0, start - 40) : start], text[end : end + 40]
    rest = before.rpartition("\n")[2] + after.partition("\n")[0]
    return not any(sign.isalpha() for sign in rest)


def _chinese_without_blanks(text: str) -> Iterator[Span]:
    """A row of signs of just the right length whose checksum holds, where phrases are spoken of."""
    for match in _HAN_ROW.finditer(text):
        called = list(_CALLED.finditer(text, max(0, match.start() - 8), match.end()))
        starts = {match.start(), *(call.end() for call in called[-2:])}
        for start in starts:
            row = text[start : match.end()]
            named = any(call.end() == start for call in called)
            if len(row) in LENGTHS and (named or not _PROSE.search(row)) and _row_holds(row):
                yield start, match.end()


def _row_holds(row: str) -> bool:
    found = [_lists().get(sign, {}) for sign in row]
    return any(
        all(language in places for places in found)
        and _holds([places[language] for places in found])
        for language in _CHINESE
    )
