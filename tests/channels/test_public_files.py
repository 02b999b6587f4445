"""Links to files for providers that take no upload."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from channels import public_files
from channels.base import OutboundFile
from support import crypto
from tickets import files

pytestmark = pytest.mark.django_db


def path_of(name: str = "收据 1.pdf", content: bytes = b"%PDF-1.7") -> str:
    kept = OutboundFile(name=name, content_type="application/pdf", key=files.keep(content))
    link = public_files.link(kept)
    assert link.startswith("https://desk.example.com/hooks/files/")
    assert link.isascii()
    return link.removeprefix("https://desk.example.com")


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.HARBOUR_URL = "https://desk.example.com/"


def test_a_link_gives_the_file_and_lets_no_browser_run_it(client: Client) -> None:
    answer = client.get(path_of())
    assert answer.status_code == 200
    assert b"".join(answer) == b"%PDF-1.7"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith('attachment; filename="1.pdf"')
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_changed_link_gives_nothing(client: Client) -> None:
    path = path_of()
    token = path.split("/")[3]
    spoilt = ("A" if token[0] != "A" else "B") + token[1:]
    assert client.get(path.replace(token, spoilt)).status_code == 404
    assert client.get("/hooks/files/x/y.pdf").status_code == 404


def test_a_token_for_another_purpose_opens_no_file(client: Client) -> None:
    key = files.keep(b"secret")
    token = crypto.sign("status-link", {"key": key, "type": ""}, max_age=timedelta(hours=1))
    assert client.get(f"/hooks/files/{token}/a.txt").status_code == 404


def test_a_link_ends_after_an_hour(client: Client) -> None:
    key, then = files.keep(b"old"), datetime.now(UTC) - timedelta(minutes=61)
    payload: crypto.Payload = {"key": key, "type": ""}
    token = crypto.sign("public-file", payload, max_age=public_files.LIFE, now=then)
    assert client.get(f"/hooks/files/{token}/a.txt").status_code == 404


def test_bytes_that_are_gone_are_no_error_of_ours(client: Client) -> None:
    payload: crypto.Payload = {"key": "2026/01/01/none", "type": ""}
    token = crypto.sign("public-file", payload, max_age=public_files.LIFE)
    assert client.get(f"/hooks/files/{token}/a.txt").status_code == 404


def test_the_door_is_limited_and_takes_no_posts(client: Client) -> None:
    path = path_of()
    assert client.post(path).status_code == 405
    stranger = "203.0.113.9"
    asked = (client.get("/hooks/files/x/y", REMOTE_ADDR=stranger) for _ in range(610))
    answers = {answer.status_code for answer in asked}
    assert 429 in answers


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a b.PNG", "/a-b.PNG"), ("收据", "/file"), ("..", "/file"), ("x.tar.gz", "/x-tar.gz")],
)
def test_the_name_in_a_link_is_plain(name: str, ending: str) -> None:
    assert path_of(name).endswith(ending)
