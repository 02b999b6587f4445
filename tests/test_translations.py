"""Every text that people see has its Chinese words, with the same placeholders.

Reads the sources itself, so that it runs where no xgettext is installed.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from support.launcher.translations import Entry, entries

ROOT = Path(__file__).resolve().parent.parent
ROOMS = [
    "support",
    "people",
    "tickets",
    "knowledge",
    "sla",
    "automation",
    "channels",
    "notifications",
    "api",
    "console",
    "portal",
]
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"

PLAIN, PLURAL = ("msgid",), ("msgid", "msgid_plural")
#: What the arguments of each call are; the rest of the arguments are no texts.
ARGUMENTS = {
    "_": PLAIN,
    "gettext": PLAIN,
    "gettext_lazy": PLAIN,
    "gettext_noop": PLAIN,
    "ngettext": PLURAL,
    "ngettext_lazy": PLURAL,
    "pgettext": ("msgctxt", *PLAIN),
    "pgettext_lazy": ("msgctxt", *PLAIN),
    "npgettext": ("msgctxt", *PLURAL),
    "npgettext_lazy": ("msgctxt", *PLURAL),
}
CALL = re.compile(r"\b(?:(?:n|p|np)?gettext|_)\(")
PLACEHOLDER = re.compile(r"%(?:\([a-z_]+\))?[sd]|\{[a-z_]*\}|</?[a-z][^>]*>")
HAN = re.compile("[\u4e00-\u9fff]")
#: Latin punctuation after Chinese, and signs that only traditional Chinese has.
MISTAKE = re.compile("[\u4e00-\u9fff][,.;?!]|[們個這來時說對開關問題錢帳號為會無與沒麼還從後]")


def texts_of(source: str) -> Iterator[Entry]:
    """The text of every call for a translation in a Python source."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ARGUMENTS:
            values = [
                ast.literal_eval(value) for value in node.args[: len(ARGUMENTS[node.func.id])]
            ]
            yield Entry(texts=dict(zip(ARGUMENTS[node.func.id], values, strict=True)))


def calls_in(template: str) -> Iterator[str]:
    """The calls for translations that a template's tags stand for, cut out one by one."""
    masked = templatize(template)
    for begin in CALL.finditer(masked):
        for end in re.compile(r"\)").finditer(masked, begin.end()):
            call = masked[begin.start() : end.end()]
            try:
                ast.parse(call)
            except SyntaxError:
                continue
            yield call
            break


def texts_in(path: Path) -> Iterator[Entry]:
    source = path.read_text(encoding="utf-8")
    for part in [source] if path.suffix == ".py" else calls_in(source):
        yield from texts_of(part)


def sources() -> list[Path]:
    suffixes = {".py", ".html", ".txt"}
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*")]
    return sorted(path for path in found if path.suffix in suffixes)


def catalogue() -> dict[str, str]:
    return {entry.key: entry.value for entry in written() if entry.counts()}


def held(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


def test_the_texts_of_templates_and_sources_are_found() -> None:
    template = (
        "{% load i18n %}<p title=\"{% trans 'It (is) mine' %}\">{{ _('A filter') }} isn't "
        "{% blocktrans count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktrans %}"
        "{% trans 'Open' context 'verb' %}</p>"
    )
    found = [entry.key for call in calls_in(template) for entry in texts_of(call)]
    assert sorted(found) == ["%(n)s day\0%(n)s days", "A filter", "It (is) mine", "verb\4Open"]
    assert [entry.key for entry in texts_of('x = pgettext("a", "b") + other("c")')] == ["a\4b"]


def test_every_text_has_its_chinese_words() -> None:
    known = catalogue()
    wanted = {entry.key: path for path in sources() for entry in texts_in(path)}
    assert len(wanted) > 300, "the texts were not found"
    missing = sorted(
        f"{path.relative_to(ROOT)}: {key}" for key, path in wanted.items() if key not in known
    )
    assert not missing, "\n".join(["Without Chinese words:", *missing])


def test_chinese_words_are_complete() -> None:
    faults = [f"{entry.key[:60]}: {fault}" for entry in written()[1:] for fault in faults_of(entry)]
    assert not faults, "\n".join(faults)


def written() -> list[Entry]:
    return list(entries(CATALOGUE.read_text(encoding="utf-8")))


def faults_of(entry: Entry) -> Iterator[str]:
    source = entry.texts.get("msgid_plural", entry.texts["msgid"])
    if entry.fuzzy:
        yield "fuzzy"
    if not HAN.search(entry.value):
        yield "no Chinese words"
    if found := MISTAKE.search(entry.value):
        yield f"not as Chinese is written: {found[0]}"
    if held(entry.value) != held(source):
        yield "placeholders or marks differ"
