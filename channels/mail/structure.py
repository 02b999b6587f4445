"""The tree of parts, flattened into a body, files and reports."""

import email
import re
from dataclasses import dataclass, field
from email import policy
from email.errors import MessageError
from email.message import Message

from channels.mail.attachments import attachment_name, content_bytes, uu_files
from channels.mail.decode import decode_text, header_text
from channels.mail.fields import raw_field, raw_payload
from channels.mail.flowed import unflow
from channels.mail.html_text import LONGEST_HTML, Line, html_lines, text_of
from channels.mail.lift import Lifted
from channels.mail.limits import DEEPEST
from channels.mail.parameters import parameters, safe_name
from channels.mail.parsed import MailAttachment, Unreadable
from channels.mail.tnef import tnef_files

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_KIND = re.compile(r"[a-z0-9][\w.+-]{0,60}/[\w.+-]{1,120}", re.ASCII)
LONGEST_TEXT = 3 * 1024 * 1024
_NEVER_SHOWN = ("text/x-amp-html", "text/watch-html")


@dataclass(slots=True)
class Body:
    """What is to be read: the text and the HTML; `lines` where the text was made from HTML."""

    text: str = ""
    html: str = ""
    lines: list[Line] = field(default_factory=list)

    def settled(self) -> "Body":
        """With text made from the HTML when there is no other (rule 63)."""
        if self.text.strip() or not self.html:
            return self
        lines = html_lines(self.html)
        return Body(text_of(lines), self.html, lines)


@dataclass(slots=True)
class Content:
    """Everything found below the headers of one mail; `returned` is what a report sends back.

    `spare` is a text that has a file's name: it is read only when there is nothing else to read.
    `room` is how many bytes of text are read yet.
    """

    body: Body
    attachments: list[MailAttachment] = field(default_factory=list)
    reports: list[tuple[str, Message]] = field(default_factory=list)
    returned: list[Message] = field(default_factory=list)
    returned_text: list[str] = field(default_factory=list)
    returned_body: str = ""
    spare: str = ""
    room: int = LONGEST_TEXT


def read_content(message: Message, hint: str, lifted: Lifted) -> Content:
    """Walk the tree once; Unreadable when it is deeper than anything honest."""
    content = Content(Body())
    content.body = _Walk(content, hint, lifted).body(message, 0, in_report=False)
    empty = not content.body.text.strip() and not content.body.html.strip()
    if empty and len(content.returned) == 1 and not content.reports:
        walk = _Walk(Content(Body()), hint, lifted)
        content.body = walk.body(content.returned[0], 1, in_report=False)
    content.body = content.body.settled()
    if not content.body.text.strip():
        content.body.text = content.spare
    return content


class _Walk:
    def __init__(self, content: Content, hint: str, lifted: Lifted) -> None:
        self.content = content
        self.hint = hint
        self.lifted = lifted

    def body(self, part: Message, depth: int, *, in_report: bool) -> Body:
        """The readable part of this subtree; files and reports go aside."""
        if depth > DEEPEST:
            raise Unreadable("nested too deeply")
        kind = _kind_of(part)
        payload = raw_payload(part)
        if kind.startswith("multipart/") and isinstance(payload, str):
            payload = _resplit(payload)
        if isinstance(payload, str):
            return self._leaf(part, kind, payload)
        if not isinstance(payload, list):
            return Body()
        children = [child for child in payload if isinstance(child, Message)]
        if kind.startswith("message/"):
            return self._embedded(part, kind, children, depth, in_report=in_report)
        report = in_report or kind == "multipart/report"
        bodies = [self.body(child, depth + 1, in_report=report) for child in children]
        return _best(bodies) if kind == "multipart/alternative" else _joined(bodies)

    def _embedded(
        self, part: Message, kind: str, children: list[Message], depth: int, *, in_report: bool
    ) -> Body:
        if "delivery-status" in kind or "disposition-notification" in kind:
            self.content.reports.extend((kind, child) for child in children)
            return Body()
        if "feedback-report" in kind:
            self.content.reports.extend((kind, child) for child in children)
            return Body()
        disposition = raw_field(part, "content-disposition")
        if children:
            self.content.returned.append(children[0])
        self._file(part, kind, self.lifted.put_back(_serialised(children)))
        if not children or disposition:
            return Body()
        inner = Content(Body())  # its reports are about somebody else's mail
        body = _Walk(inner, self.hint, self.lifted).body(
            children[0], depth + 1, in_report=in_report
        )
        if in_report:
            self.content.returned_body = body.settled().text
            return Body()
        self.content.attachments.extend(inner.attachments)
        return body

    def _leaf(self, part: Message, kind: str, payload: str) -> Body:
        transfer = raw_field(part, "content-transfer-encoding").lower()
        transfer = transfer.partition(";")[0].strip(" \t\r\n\"'")
        written = self.lifted.put_back(payload.encode("utf-8", "surrogateescape"))
        data = content_bytes(written, transfer)
        disposition = raw_field(part, "content-disposition")
        attached = disposition.strip().lower().startswith("attachment")
        header = raw_field(part, "content-type")
        named = bool(parameters(disposition).get("filename") or parameters(header).get("name"))
        if kind in _NEVER_SHOWN:
            return Body()
        if kind in ("message/delivery-status", "text/rfc822-headers", "message/rfc822"):
            self.content.returned_text.append(decode_text(data[:LONGEST_TEXT], "", self.hint))
            return Body()
        if attached or named or kind not in ("text/plain", "text/html", "text/enriched"):
            self._file(part, kind, data)
            if not attached and kind == "text/plain" and not self.content.spare.strip():
                charset = parameters(header).get("charset", "")
                spare = decode_text(data[:LONGEST_TEXT], charset, self.hint)
                self.content.spare = spare.replace("\r\n", "\n")
            return Body()
        return self._readable(kind, self._within_room(part, kind, data), parameters(header))

    def _within_room(self, part: Message, kind: str, data: bytes) -> bytes:
        """The text as far as there is room; one that is longer is a file as well, and whole."""
        room = self.content.room if kind == "text/plain" else min(self.content.room, LONGEST_HTML)
        if len(data) <= room:
            self.content.room -= len(data)
            return data
        self._file(part, kind, data)
        self.content.room = 0
        return data[: max(0, data.rfind(b"\n", 0, room)) or room]

    def _readable(self, kind: str, data: bytes, given: dict[str, str]) -> Body:
        charset = given.get("charset", "")
        if kind != "text/plain":
            meta = None if charset else _META_CHARSET.search(data[:4096])
            markup = decode_text(data, charset or (meta[1].decode() if meta else ""), self.hint)
            if kind == "text/html":
                return Body("", markup)
            return Body(text_of(html_lines(markup)))
        text = decode_text(data, charset, self.hint).replace("\r\n", "\n").replace("\r", "\n")
        if given.get("format", "").lower() == "flowed":
            text = unflow(text, delsp=given.get("delsp", "").lower() == "yes")
        text, files = uu_files(text)
        self.content.attachments.extend(files)
        return Body(text)

    def _file(self, part: Message, kind: str, data: bytes) -> None:
        disposition = raw_field(part, "content-disposition")
        header = raw_field(part, "content-type")
        location = raw_field(part, "content-location")
        name = attachment_name(disposition, header, location, kind, self.hint)
        if name == "attachment.eml" and self.content.returned:
            subject = header_text(raw_field(self.content.returned[-1], "subject"), self.hint)
            name = (safe_name(subject)[:100] or "message") + ".eml"
        cid = header_text(raw_field(part, "content-id"), self.hint).strip("<> ")[:200]
        inline = not disposition.strip().lower().startswith("attachment")
        self.content.attachments.append(MailAttachment(name, kind, data, cid, inline))
        if kind.endswith(("/ms-tnef", "/vnd.ms-tnef")) or name.lower() == "winmail.dat":
            self.content.attachments.extend(tnef_files(data))


def _kind_of(part: Message) -> str:
    kind = part.get_content_type()
    return kind if _KIND.fullmatch(kind) else "application/octet-stream"


def _serialised(children: list[Message]) -> bytes:
    try:
        return b"\n".join(child.as_bytes(policy=policy.compat32) for child in children)
    except (MessageError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return b""


def _resplit(payload: str) -> str | list[Message]:
    """A multipart whose declared boundary never comes: split at the one that does."""
    first = re.search(r"^--(\S[^\r\n\"]{0,200})\r?$", payload, re.MULTILINE)
    if not first or payload.count(f"--{first[1]}") < 2:
        return payload
    head = f'Content-Type: multipart/mixed; boundary="{first[1].rstrip()}"\n\n'
    parsed = raw_payload(email.message_from_string(head + payload))
    if not isinstance(parsed, list):
        return payload
    return [part for part in parsed if isinstance(part, Message)]


def _best(bodies: list[Body]) -> Body:
    """Of alternatives the plain text for reading, the last HTML for showing (rule 63)."""
    plain = next((one for one in bodies if one.text.strip()), Body())
    rich = next((one for one in reversed(bodies) if one.html.strip()), Body())
    return Body(plain.text, rich.html)


def _joined(bodies: list[Body]) -> Body:
    """Parts that follow each other are read one after the other."""
    filled = [one for one in bodies if one.text.strip() or one.html.strip()]
    if len(filled) <= 1:
        return filled[0] if filled else Body()
    html = "\n".join(one.html for one in filled if one.html)
    if not any(one.text.strip() for one in filled):
        return Body("", html)
    return Body("\n".join(one.settled().text for one in filled), html)
