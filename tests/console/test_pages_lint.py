"""Rules for every page of the console that its content security policy cannot tell us."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOM = Path(__file__).resolve().parents[2] / "console"
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
INLINE = re.compile(
    r"\shx-|\son[a-z]+\s*=|\sstyle\s*=|javascript:|<style|<script(?![^>]*\ssrc=)|\|safe\b", re.I
)
RAW_COLOUR = re.compile(r":[^;{]*#[0-9a-fA-F]{3,8}\b")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_code_and_trust_no_text(template: Path) -> None:
    assert INLINE.findall(template.read_text()) == []


@pytest.mark.parametrize(("ending", "limit"), [("css", 25_000), ("js", 60_000)])
def test_styles_and_scripts_stay_small(ending: str, limit: int) -> None:
    files = sorted((ROOM / "static").rglob(f"*.{ending}"))
    assert files
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < limit


def test_raw_colours_stand_in_one_file() -> None:
    styles = (ROOM / "static").rglob("*.css")
    others = {file.name for file in styles if RAW_COLOUR.search(file.read_text())}
    assert others == {"tokens.css"}
