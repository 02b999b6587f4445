"""Files: sent ahead, used once by the token that sent them, read by those who may."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from api import uploads
from api.models import Upload
from people.models import Team
from tests.api.conftest import Api, api_with, ticket_body
from tests.factories import make_agent, make_ticket
from tickets import files
from tickets.models import Attachment, Message, Ticket

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def upload(api: Api, name: str = "a.png", content: bytes = PNG, **headers: str) -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/html")
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return api.client.post("/api/v1/attachments", {"file": file}, headers={**api.headers, **sent})


def test_an_upload_is_used_once_and_comes_back_as_a_download(api: Api) -> None:
    sent = upload(api)
    assert sent.status_code == 201, sent.content
    assert sent.json()["content_type"] == "image/png"  # by its bytes, not by the client's word
    body = ticket_body(attachments=[sent.json()["id"]])
    opened = api.post("tickets", body)
    assert opened.status_code == 201, opened.content
    reference = opened.json()["reference"]
    listed = api.get(f"tickets/{reference}/messages").json()["data"][0]["attachments"][0]
    path = listed["url"].split("/api/v1/")[1]
    got = api.get(path, Accept="image/*")
    assert b"".join(got.streaming_content) == PNG
    assert got["Content-Disposition"].startswith("attachment;")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Security-Policy"].startswith("sandbox")
    again = api.post("tickets", body)
    assert again.json()["errors"][0] == {
        "code": "unknown_upload",
        "detail": "There is no such upload, or it was used.",
        "pointer": "/attachments/0",
    }
    assert Ticket.objects.count() == 1


def test_a_reply_can_carry_files(api: Api) -> None:
    ids = [upload(api, f"{n}.txt", b"hello").json()["id"] for n in range(2)]
    path = f"tickets/{make_ticket().reference}/messages"
    answer = api.post(path, {"direction": "outbound", "text": "See.", "attachments": ids})
    assert [row["name"] for row in answer.json()["attachments"]] == ["0.txt", "1.txt"]


def test_another_tokens_upload_is_as_unknown_as_none(api: Api) -> None:
    foreign = upload(api_with("attachments:write")).json()["id"]
    mine = upload(api).json()["id"]
    path = f"tickets/{make_ticket().reference}/messages"
    for ids in ([foreign], [str(uuid.uuid4())], [mine, mine], [mine, foreign]):
        body = {"direction": "note", "text": "a", "attachments": ids}
        answer = api.post(path, body)
        assert answer.status_code == 422
        assert answer.json()["errors"][-1]["code"] == "unknown_upload"
    assert not Attachment.objects.exists()
    assert not Message.objects.filter(direction="note").exists()
    assert Upload.objects.count() == 2


def test_files_need_their_scope_to_be_used(desk: Any) -> None:
    sender = api_with("attachments:write", "notes:write")
    bare = api_with("notes:write")
    path = f"tickets/{make_ticket().reference}/messages"
    body = {"direction": "note", "text": "a", "attachments": [upload(sender).json()["id"]]}
    assert bare.post(path, body).status_code == 403
    assert sender.post(path, body).status_code == 201


def test_a_hidden_tickets_file_is_a_404(api: Api) -> None:
    opened = api.post("tickets", ticket_body(attachments=[upload(api).json()["id"]]))
    hidden = Team.objects.create(name="Hidden")
    Ticket.objects.filter(reference=opened.json()["reference"]).update(team=hidden)
    path = f"attachments/{Attachment.objects.get().public_id}"
    agent = make_agent(sees_all_tickets=False)
    assert api_with("attachments:read", agent=agent).get(path).status_code == 404
    assert api.get(path).status_code == 200
    assert api.get(f"attachments/{uuid.uuid4()}").status_code == 404


def test_too_large_and_empty_files_are_refused(api: Api, settings: Any) -> None:
    settings.HARBOUR_UPLOAD_LIMIT = 1000
    assert upload(api, content=b"x" * 1001).status_code == 413
    assert upload(api, content=b"x" * 100_000).status_code == 413
    assert upload(api, content=b"").status_code == 422
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("multipart/form-data; boundary=x", 400), ("multipart/form-data", 400),
     ("multipart/form-data; boundary=é", 400), ("application/json", 415)],
)  # fmt: skip
def test_broken_multipart_is_refused(api: Api, content_type: str, status: int) -> None:
    answer = api.client.post(
        "/api/v1/attachments", data=b"--y\r\nodd", content_type=content_type, headers=api.headers
    )
    assert answer.status_code in (status, 422), answer.content


def test_a_retried_upload_is_kept_once_though_its_boundary_differs(api: Api) -> None:
    first, second = upload(api, Idempotency_Key="u"), upload(api, Idempotency_Key="u")
    assert first.json() == second.json()
    assert upload(api, content=b"other", Idempotency_Key="u").status_code == 422
    assert Upload.objects.count() == 1


def test_storage_that_is_away_is_a_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str, content: bytes) -> None:
        raise OSError("no route to storage")

    monkeypatch.setattr(files, "store", away)
    assert upload(api).status_code == 503


def test_an_unused_upload_is_forgotten_after_a_day_and_a_used_one_kept(api: Api) -> None:
    used, unused = upload(api).json()["id"], upload(api).json()["id"]
    key = Upload.objects.get(public_id=unused).key
    api.post("tickets", ticket_body(attachments=[used]))
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert uploads.prune(timezone.now()) == 1
    assert not default_storage.exists(key)
    assert default_storage.exists(Attachment.objects.get().key)
