"""The OpenAPI document is true, complete and committed; its readers work without a CDN."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from api import documents, scopes
from api.codes import TITLES

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "docs" / "openapi.json"

pytestmark = pytest.mark.django_db


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = json.loads(documents.document())["paths"]
    return [(path, method, op) for path, methods in paths.items() for method, op in methods.items()]


def test_the_document_has_no_warnings() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_the_committed_document_is_the_present_one() -> None:
    """After a change: ``manage write_openapi`` writes docs/openapi.json anew."""
    assert SNAPSHOT.read_text() == documents.document(), "docs/openapi.json is out of date"


def test_each_operation_has_a_summary_examples_and_its_errors() -> None:
    for path, method, operation in _operations():
        name = f"{method} {path}"
        assert operation["summary"], name
        assert {"400", "406", "429", "500", "503"} <= set(operation["responses"]), name
        success = next(r for status, r in operation["responses"].items() if status[0] == "2")
        assert ("content" in success) == (method != "delete"), name
        assert all(kind["examples"] for kind in success.get("content", {}).values()), name
        is_public = operation.get("security") == [{}] or not operation.get("security")
        assert is_public == path.startswith("/api/v1/status"), name
        assert ("401" in operation["responses"]) != is_public, name
        if method == "post":
            assert "Idempotency-Key" in str(operation["parameters"]), name
        for content in operation.get("requestBody", {}).get("content", {}):
            assert content in ("application/json", "multipart/form-data"), name


def test_the_document_is_served_with_its_version() -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json()["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


@pytest.mark.parametrize("page", ["docs/", "redoc/"])
def test_the_readers_load_nothing_from_elsewhere_and_run_nothing_inline(page: str) -> None:
    answer = Client().get(f"/api/v1/{page}")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "//" not in text.replace("<!doctype", "")
    assert not re.findall(r"<script(?![^>]*src=)", text)
    assert "style=" not in text
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert ("unsafe-inline" in policy) == (page == "redoc/")


def test_the_manual_explains_each_error_and_scope() -> None:
    manual = (ROOT / "docs" / "api.md").read_text()
    for code, (status, _title) in TITLES.items():
        assert f"| `{code}` | {status} |" in manual, code
    for scope in scopes.ALL:
        assert f"`{scope}`" in manual, scope
