"""The shape of the house, checked like any other behaviour."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["support", "people", "tickets", "knowledge", "sla", "automation"]
ROOMS += ["channels", "notifications", "api", "console", "portal", "bench", "tests"]
SOURCES = [
    path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if "migrations" not in path.parts
]
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] not in ("tests", "bench")]
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))
NAMELESS = {"utils.py", "helpers.py", "common.py", "misc.py"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_and_functions_stay_small(path: Path) -> None:
    source = path.read_text()
    assert source.count("\n") <= 300
    assert path.name not in NAMELESS
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, f"{node.name}, line {inner[0].lineno}"


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_nothing_is_unpickled_and_no_sql_is_glued(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"^\s*(import|from) (pickle|marshal|shelve|yaml)\b", source, re.M)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"raw", "execute"}:
            assert not any(isinstance(argument, ast.JoinedStr) for argument in node.args)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_escape_everything_and_hold_no_script(path: Path) -> None:
    source = path.read_text()
    for forbidden in ("|safe", "autoescape off", "hx-on", "javascript:", "onclick=", " style="):
        assert forbidden not in source
    assert not re.search(r"<script(?![^>]*\bsrc=)", source), "scripts stand in files"


def test_outgoing_http_has_one_door() -> None:
    users = [
        name(p) for p in PRODUCT if re.search(r"^\s*(import|from) httpx\b", p.read_text(), re.M)
    ]
    assert users in ([], ["support/http.py"])
