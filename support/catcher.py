"""The local mail catcher: keeps every mail it is given, and shows them on a web page.

For trying Harbour out and for development. Runs as a script, on loopback only, and imports
nothing of ours:  python -P support/catcher.py FOLDER SMTP_PORT WEB_PORT
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import html
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
SHOWN = 200  # mails on the list
KEPT = 5000  # files in the folder
LIMIT = 50_000_000
TEXT_LIMIT = 200_000
SHOWN_HEADERS = ("From", "To", "Cc", "Subject", "Date")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
WORDS = {
    "en": {
        "title": "Mail catcher", "none": "No mail yet. What Harbour sends shows up here.",
        "raw": "Raw mail", "back": "All mail", "to": "to", "headers": "All headers",
        "attachments": "Attachments", "lost": "There is no such mail.",
        "note": "Nothing here has left this machine.",
    },
    "zh": {
        "title": "邮件捕获箱", "none": "还没有邮件。港湾发出的邮件会显示在这里。",
        "raw": "原始邮件", "back": "全部邮件", "to": "发给", "headers": "全部邮件头",
        "attachments": "附件", "lost": "没有这封邮件。",
        "note": "这里的邮件都没有离开本机。",
    },
}  # fmt: skip
STYLE = """
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.3rem}a{color:inherit}.quiet{opacity:.7;font-size:.875rem}
ul{list-style:none;padding:0}li{border-top:1px solid var(--line)}
li a{display:block;padding:.7rem .3rem;text-decoration:none}li a:hover{background:var(--line)}
b{display:block;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}
dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;border:1px solid var(--line);
border-radius:.5rem;padding:1rem}details pre{font:.8rem/1.5 ui-monospace,monospace}
"""


class Sink:
    """Takes every mail and answers 250 once it is on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        keep(self.folder, envelope.original_content or b"")
        return "250 2.0.0 Caught"


def keep(folder: Path, raw: bytes) -> Path:
    """Store one mail: whole or not at all, in a file whose name sorts by time."""
    name = f"{time.time_ns():020d}-{os.urandom(2).hex()}"
    aside = folder / f"{name}.part"
    aside.write_bytes(raw)
    for old in kept(folder)[KEPT - 1 :]:
        old.unlink(missing_ok=True)
    return aside.rename(folder / f"{name}.eml")


def kept(folder: Path) -> list[Path]:
    """Newest first."""
    return sorted(folder.glob("*.eml"), reverse=True)


def parsed(raw: bytes) -> EmailMessage:
    """The mail, as the standard library reads it."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("the default policy makes an EmailMessage")
    return message


def header(message: EmailMessage, name: str) -> str:
    """A header's text; a mail may hold anything, and some of it the parser refuses."""
    with contextlib.suppress(Exception):
        return str(message.get(name, ""))
    return "?"


def text_of(message: EmailMessage) -> str:
    """The words of the mail: its plain part, else its HTML without tags."""
    with contextlib.suppress(Exception):
        part = message.get_body(("plain", "html"))
        if part is not None:
            content = str(part.get_content())[:TEXT_LIMIT]
            is_html = part.get_content_type() == "text/html"
            return html.unescape(re.sub(r"<[^>]*>", " ", content)) if is_html else content
    return ""


def list_page(folder: Path, say: dict[str, str]) -> str:
    """Newest first; the page loads itself again every few seconds."""
    rows = []
    for path in kept(folder)[:SHOWN]:
        message = parsed(path.read_bytes()[:64_000])
        subject, sender, to = (html.escape(header(message, n)) for n in ("Subject", "From", "To"))
        seen = f"{html.escape(header(message, 'Date'))}"
        quiet = f'<span class="quiet">{sender} {say["to"]} {to} · {seen}</span>'
        rows.append(f'<li><a href="/mail/{path.stem}"><b>{subject or "—"}</b>{quiet}</a></li>')
    body = f"<ul>{''.join(rows)}</ul>" if rows else f"<p>{say['none']}</p>"
    return page(say, f"<h1>{say['title']}</h1><p class='quiet'>{say['note']}</p>{body}", refresh=3)


def mail_page(path: Path, say: dict[str, str]) -> str:
    raw = path.read_bytes()
    message = parsed(raw)
    shown = "".join(
        f"<dt>{name}</dt><dd>{html.escape(header(message, name))}</dd>"
        for name in SHOWN_HEADERS
        if message.get(name)
    )
    head = raw.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode(errors="replace")
    names = "".join(f"<dd>{html.escape(name)}</dd>" for name in attachment_names(message))
    return page(
        say,
        f'<p><a href="/">← {say["back"]}</a> · <a href="/raw/{path.stem}">{say["raw"]}</a></p>'
        f"<h1>{html.escape(header(message, 'Subject')) or '—'}</h1><dl>{shown}"
        + (f"<dt>{say['attachments']}</dt>{names}" if names else "")
        + f"</dl><pre>{html.escape(text_of(message))}</pre>"
        f"<details><summary>{say['headers']}</summary><pre>{html.escape(head)}</pre></details>",
    )


def attachment_names(message: EmailMessage) -> Iterator[str]:
    with contextlib.suppress(Exception):
        for part in message.iter_attachments():
            yield part.get_filename() or part.get_content_type()


def page(say: dict[str, str], body: str, *, refresh: int = 0) -> str:
    language = "zh-Hans" if say is WORDS["zh"] else "en"
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">{again}'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{say['title']}</title><style>{STYLE}</style><body>{body}</body></html>"
    )


class Pages(BaseHTTPRequestHandler):
    """GET / lists, GET /mail/NAME shows, GET /raw/NAME downloads."""

    folder: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        prefers = self.headers.get("Accept-Language", "").strip().lower()
        say = WORDS["zh" if prefers.startswith("zh") else "en"]
        kind, _, name = unquote(urlsplit(self.path).path).strip("/").partition("/")
        path = self.folder / f"{name}.eml"
        if self.headers.get("Host", "").rpartition(":")[0] not in (HOST, "localhost"):
            self._answer(b"", status=421)  # a stranger's name that leads here: DNS rebinding
        elif not kind:
            self._answer(list_page(self.folder, say).encode())
        elif not re.fullmatch(r"[0-9a-f-]{20,30}", name) or not path.exists():
            self._answer(page(say, f"<p>{say['lost']}</p>").encode(), status=404)
        elif kind == "raw":
            self._answer(path.read_bytes(), "message/rfc822", path.name)
        else:
            self._answer(mail_page(path, say).encode())

    def _answer(
        self,
        body: bytes,
        content_type: str = "text/html; charset=utf-8",
        download: str = "",
        *,
        status: int = 200,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if download:
            self.send_header("Content-Disposition", f'attachment; filename="{download}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """A list that loads itself every three seconds is not worth a line each time."""


def main() -> None:
    folder, smtp_port, web_port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    Pages.folder = folder
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    mail = Controller(
        Sink(folder), hostname=HOST, port=smtp_port, data_size_limit=LIMIT, enable_SMTPUTF8=True
    )
    mail.start()
    web = ThreadingHTTPServer((HOST, web_port), Pages)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    done.wait()
    web.shutdown()
    mail.stop()


if __name__ == "__main__":
    main()
