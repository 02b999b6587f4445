"""The mail catcher: in by SMTP, out by HTTP, whatever the mail holds."""

from __future__ import annotations

import http.client
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

CATCHER = Path(__file__).resolve().parents[2] / "support" / "catcher.py"


@dataclass
class Catcher:
    folder: Path
    smtp: int
    web: int

    def get(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=10)
        connection.request(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        response = connection.getresponse()
        return response, response.read().decode()

    def send(self, raw: bytes) -> str:
        before = set(self.folder.glob("*.eml"))
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as client:
            client.sendmail("a@example.com", ["b@example.org"], raw)
        (new,) = set(self.folder.glob("*.eml")) - before
        return new.stem


@pytest.fixture(scope="module")
def catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catcher]:
    folder = tmp_path_factory.mktemp("a folder") / "mail"
    ports = [free_port(), free_port()]
    words = [sys.executable, "-P", CATCHER, folder, *map(str, ports)]
    process = subprocess.Popen(words)
    wait_for(*ports)
    yield Catcher(folder, *ports)
    process.terminate()
    assert process.wait(10) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(*ports: int) -> None:
    end = time.monotonic() + 20
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)


def mail(subject: str = "Your ticket", text: str = "Thank you.") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.org", subject
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    message.add_attachment(b"1", maintype="text", subtype="plain", filename="<b>x.txt")
    return message.as_bytes()


def test_a_mail_is_listed_shown_and_downloaded(catcher: Catcher) -> None:
    name = catcher.send(mail("工单 4829", "你好，港湾"))
    assert "工单 4829" in catcher.get("/")[1]
    page = catcher.get(f"/mail/{name}")[1]
    assert "你好，港湾" in page
    assert "&lt;b&gt;x.txt" in page
    response, raw = catcher.get(f"/raw/{name}")
    assert response.headers["Content-Type"] == "message/rfc822"
    assert "attachment" in response.headers["Content-Disposition"]
    assert raw.startswith("From: a@example.com")


def test_newest_first(catcher: Catcher) -> None:
    catcher.send(mail("the older one"))
    catcher.send(mail("the newer one"))
    page = catcher.get("/")[1]
    assert page.index("the newer one") < page.index("the older one")


def test_no_script_of_a_mail_reaches_the_page(catcher: Catcher) -> None:
    name = catcher.send(mail("<script>alert(1)</script>", "<img src=x onerror=alert(1)>"))
    for path in ("/", f"/mail/{name}"):
        response, page = catcher.get(path)
        assert "<script" not in page
        assert "<img" not in page
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x80\xff\x00 not a mail",
        b"Subject: =?utf-8?b?!!!?=\nFrom: <<<>>>@@\nContent-Type: text/plain; charset=nonsense\n\nx",
        b"Content-Type: multipart/mixed; boundary=\n\n--\n",
        b"Content-Transfer-Encoding: base64\n\n%%%%",
    ],
)
def test_a_broken_mail_is_shown_all_the_same(catcher: Catcher, raw: bytes) -> None:
    name = catcher.send(raw)
    assert catcher.get(f"/mail/{name}")[0].status == 200
    assert catcher.get("/")[0].status == 200


@pytest.mark.parametrize(
    "path", ["/mail/../../etc/passwd", "/raw/%2e%2e%2fup.json", "/mail/x", "/y"]
)
def test_nothing_else_is_served(catcher: Catcher, path: str) -> None:
    assert catcher.get(path)[0].status == 404


def test_a_strangers_name_is_refused(catcher: Catcher) -> None:
    assert catcher.get("/", Host="evil.example.com")[0].status == 421


def test_chinese_for_those_who_prefer_it(catcher: Catcher) -> None:
    assert "邮件捕获箱" in catcher.get("/", Accept_Language="zh-CN,zh;q=0.9,en;q=0.8")[1]
    assert "Mail catcher" in catcher.get("/", Accept_Language="en-US,zh;q=0.5")[1]
