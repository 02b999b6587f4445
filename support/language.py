"""Which language a customer writes: by the script first, by statistics only for Latin letters."""

import re
from collections import Counter
from functools import lru_cache
from importlib import import_module
from typing import Any

SAMPLE = 4000
FEWEST_LATIN_LETTERS = 12
SUREST = 0.5

# Names, links, hashes, amounts and quoted lines say nothing of the writer's language.
_NOISE = re.compile(r"(?m)^>.*$|[!-~]*(?:[@/\\_=0-9]|[:.](?=[!-~]))[!-~]*")
_SCRIPTS = {
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]"),
    "kana": re.compile("[\u3041-\u3096\u30a1-\u30fa]"),
    "ko": re.compile("[\uac00-\ud7a3\u1100-\u11ff]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "arabic": re.compile("[\u0620-\u064a\u0671-\u06d3]"),
    "he": re.compile("[\u05d0-\u05ea]"),
    "el": re.compile("[\u0386-\u03ce]"),
    "th": re.compile("[\u0e01-\u0e4e]"),
    "hi": re.compile("[\u0904-\u0963]"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
}
# A sign of these scripts outweighs so many letters: who writes Chinese pastes English errors and
# product names, and hardly anybody does the reverse.
_WEIGHTS = {"han": 12, "kana": 8, "ko": 6}
_TRADITIONAL = re.compile(
    "[們個這來時說對開關問題錢帳號為會無與沒麼還從後頁點請幫資訊網認證檢電話轉幣戶該須應]"
)
_SIMPLIFIED = re.compile(
    "[们个这来时说对开关问题钱帐账号为会无与没么还从后页点请帮资讯网认证检电话转币户该须应]"
)
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_PERSIAN = re.compile("[پچژگک]")
_LATIN_LANGUAGES = (
    "az cs da de en es et fi fr hr hu id it lt lv ms nl no pl pt ro sk sl sv tl tr vi"
)


def detect(text: str) -> str:
    """Return a lower-case BCP 47 code, or "" when too little is said to tell."""
    words = _NOISE.sub(" ", text[:SAMPLE])
    counts = {name: len(script.findall(words)) for name, script in _SCRIPTS.items()}
    weighed = Counter({name: n * _WEIGHTS.get(name, 1) for name, n in counts.items() if n})
    weighed["han"] += weighed.pop("kana", 0)
    script, weight = weighed.most_common(1)[0]
    if weight < 2:
        return ""
    if script == "latin":
        return _latin(words) if counts["latin"] >= FEWEST_LATIN_LETTERS else ""
    return _by_script(script, words, counts)


def supported(code: str) -> str:
    """The language our own words are written in for a customer with this code."""
    return "zh-hans" if code.lower().replace("_", "-").split("-")[0] == "zh" else "en"


def _by_script(script: str, words: str, counts: dict[str, int]) -> str:
    if script == "han":
        if counts["kana"] * 8 > counts["han"]:
            return "ja"
        traditional = len(_TRADITIONAL.findall(words)) > len(_SIMPLIFIED.findall(words))
        return "zh-hant" if traditional else "zh-hans"
    if script == "cyrillic":
        return "uk" if _UKRAINIAN.search(words) else "ru"
    if script == "arabic":
        return "fa" if _PERSIAN.search(words) else "ar"
    return script


def _latin(words: str) -> str:
    code, sureness = _identifier().classify(" ".join(words.split()))
    return str(code) if sureness >= SUREST else ""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Half a second and numpy, so only for the process that meets Latin letters."""
    langid = import_module("py3langid.langid")
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LATIN_LANGUAGES.split())
    return identifier
