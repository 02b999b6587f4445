"""Compiles locale/*/LC_MESSAGES/*.po to .mo, since msgfmt is not on every machine.

The layout of a .mo file is in the gettext manual, section "The Format of GNU MO Files".
"""

import ast
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAGIC = 0x950412DE


@dataclass
class Entry:
    """One message: its key as .mo files spell it, and its translations by plural form."""

    fuzzy: bool = False
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        context = self.texts["msgctxt"] + "\x04" if "msgctxt" in self.texts else ""
        plural = "\0" + self.texts["msgid_plural"] if "msgid_plural" in self.texts else ""
        return context + self.texts["msgid"] + plural

    @property
    def value(self) -> str:
        forms = sorted(name for name in self.texts if name.startswith("msgstr"))
        return "\0".join(self.texts[name] for name in forms)

    def counts(self) -> bool:
        return "msgid" in self.texts and bool(self.value.strip("\0")) and not self.fuzzy


def compile_all(root: Path) -> int:
    """How many catalogues were older than their source, and are compiled now."""
    stale = [source for source in root.glob("locale/*/LC_MESSAGES/*.po") if _is_stale(source)]
    for source in stale:
        aside = source.with_suffix(f".{os.getpid()}.new")
        aside.write_bytes(compiled(source.read_text(encoding="utf-8")))
        aside.replace(source.with_suffix(".mo"))
    return len(stale)


def _is_stale(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime <= source.stat().st_mtime


def compiled(source: str) -> bytes:
    """The bytes of the .mo file for that .po text. Fuzzy and empty translations are left out."""
    messages = {entry.key: entry.value for entry in entries(source) if entry.counts()}
    keys = sorted(messages, key=str.encode)
    table, originals, translations = len(keys) * 8, b"", b""
    start = 28 + 2 * table
    original_index, translation_index = [], []
    for key in keys:
        original, translation = key.encode(), messages[key].encode()
        original_index.append((len(original), start + len(originals)))
        translation_index.append((len(translation), len(translations)))
        originals += original + b"\0"
        translations += translation + b"\0"
    after = start + len(originals)
    numbers = [number for pair in original_index for number in pair]
    numbers += [n for length, offset in translation_index for n in (length, after + offset)]
    header = struct.pack("<7I", MAGIC, 0, len(keys), 28, 28 + table, 0, start)
    return header + struct.pack(f"<{len(numbers)}I", *numbers) + originals + translations


def entries(source: str) -> Iterator[Entry]:
    """Every entry of a .po text, the header (with an empty msgid) among them."""
    entry, name = Entry(), ""
    for line in map(str.strip, source.splitlines()):
        if line.startswith("#~"):
            continue
        if line.startswith(("#", "msgctxt", "msgid ")) and any(
            word.startswith("msgstr") for word in entry.texts
        ):
            yield entry
            entry, name = Entry(), ""
        if line.startswith("#"):
            entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
        elif line.startswith('"') and name:
            entry.texts[name] += ast.literal_eval(line)
        elif line.startswith("msg"):
            name, _, quoted = line.partition(" ")
            entry.texts[name] = ast.literal_eval(quoted.strip())
    if entry.texts:
        yield entry
