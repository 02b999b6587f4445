"""The words of a mail that an agent wrote: text and HTML, signature, pictures, what is quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.conf import settings

from channels import markup, separators
from channels.outgoing import filled
from channels.quoting import Quote
from channels.threads import body_mark
from support.html import sanitise
from tickets.models import Attachment, Message
from tickets.pictures import in_words

_FAINT = "color:#6b7280"
_BODY = (
    "font:15px/1.5 -apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',sans-serif;"
    "color:#1c2024"
)


@dataclass(frozen=True)
class Letter:
    text: str
    html: str
    files: list[dict[str, str]]


def signature_of(message: Message) -> str:
    """The agent's own, else the inbox's."""
    own = message.agent.signature if message.agent else ""
    return filled(own.strip() or message.inbox.signature.strip(), message.inbox, message.agent)


def letter(message: Message, quote: Quote) -> Letter:
    """``message`` as it is mailed, in the active language."""
    files = list(message.attachments.order_by("pk"))
    pictures = {file.content_id: _mailed_id(message, file) for file in files if file.is_inline}
    signature = signature_of(message)
    text = [
        separators.text_line(message.ticket_id, message.side_thread_id),
        "",
        in_words(message.text).strip(),
        *(["", f"-- \n{signature}"] if signature else []),
        *(["", quote.text] if quote.text else []),
    ]
    return Letter(
        text="\n".join(text) + "\n",
        html=_html(message, signature, quote, pictures, files),
        files=[_file(file, pictures) for file in files],
    )


def _html(
    message: Message,
    signature: str,
    quote: Quote,
    pictures: Mapping[str, str],
    files: Sequence[Attachment],
) -> str:
    words = sanitise(message.html) if message.html else markup.to_html(message.text, pictures)
    shown = set() if message.html else set(markup.named_pictures(message.text))
    below = [file for file in files if file.is_inline and file.content_id not in shown]
    parts = [
        words,
        *(markup.picture(pictures[file.content_id], file.name) for file in below),
        *([f'<div style="{_FAINT}">-- <br>{_lines(signature)}</div>'] if signature else []),
        quote.html,
        _mark(message),
    ]
    name = separators.html_class(message.ticket_id, message.side_thread_id)
    inner = "\n".join(part for part in parts if part)
    return f'<div class="{escape(name)}" style="{escape(_BODY)}">\n{inner}\n</div>\n'


def _lines(text: str) -> str:
    return markup.to_html(text).removeprefix(markup.PARAGRAPH).removesuffix("</p>")


def _mark(message: Message) -> str:
    """By which an answer finds its ticket when its headers were rewritten; never another's."""
    if message.side_thread_id is not None:
        return ""
    return f'<div style="color:#9aa0a6;font-size:10px">{escape(body_mark(message.ticket_id))}</div>'


def _mailed_id(message: Message, file: Attachment) -> str:
    """Content ids are unique in the world (RFC 2392), those of the composer only in the message."""
    if "@" in file.content_id:
        return file.content_id
    return f"{file.content_id}.{message.pk}@{settings.HARBOUR_MAIL_DOMAIN}"


def _file(file: Attachment, pictures: Mapping[str, str]) -> dict[str, Any]:
    kept = {"name": file.name, "content_type": file.content_type, "key": file.key}
    return kept | ({"content_id": pictures[file.content_id]} if file.is_inline else {})
