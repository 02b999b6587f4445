"""Our own .po compiler, read back by the standard library's gettext."""

from __future__ import annotations

import gettext
import io
import os
from pathlib import Path

from support.launcher.translations import compile_all, compiled

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)


def read(source: str) -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(compiled(HEADER + source)))


def test_plain_texts_and_escapes_come_back() -> None:
    catalogue = read('#: portal/x.html\nmsgid "Say \\"hello\\"\\n"\nmsgstr "说“你好”\\n"\n')
    assert catalogue.gettext('Say "hello"\n') == "说“你好”\n"


def test_a_text_over_several_lines_is_one_text() -> None:
    assert read('msgid ""\n"one "\n"two"\nmsgstr ""\n"一"\n"二"\n').gettext("one two") == "一二"


def test_contexts_and_plurals() -> None:
    catalogue = read(
        'msgctxt "verb"\nmsgid "Open"\nmsgstr "打开"\n\n'
        'msgid "%d day"\nmsgid_plural "%d days"\nmsgstr[0] "%d 天"\nmsgstr[1] "%d 天天"\n'
    )
    assert catalogue.pgettext("verb", "Open") == "打开"
    assert catalogue.ngettext("%d day", "%d days", 1) == "%d 天"
    assert catalogue.ngettext("%d day", "%d days", 5) == "%d 天天"


def test_fuzzy_obsolete_and_empty_ones_are_left_out() -> None:
    catalogue = read(
        '#, fuzzy\nmsgid "A"\nmsgstr "甲"\n\nmsgid "B"\nmsgstr ""\n\n'
        '#~ msgid "C"\n#~ msgstr "丙"\n\n#, python-format\nmsgid "D"\nmsgstr "丁"\n'
    )
    assert [catalogue.gettext(text) for text in "ABCD"] == ["A", "B", "C", "丁"]


def test_a_stale_catalogue_is_compiled_and_a_fresh_one_left_alone(tmp_path: Path) -> None:
    source = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(HEADER + 'msgid "A"\nmsgstr "甲"\n', encoding="utf-8")
    os.utime(source, (1, 1))
    assert compile_all(tmp_path) == 1
    assert compile_all(tmp_path) == 0
    assert [path.name for path in source.parent.glob("*.mo")] == ["django.mo"]
