"""Files in a mail: their bytes, and a name that is safe whatever the sender claimed."""

import binascii
import re

from channels.mail.decode import base64_bytes, header_text
from channels.mail.parameters import parameters, safe_name
from channels.mail.parsed import MailAttachment

_EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/csv": "csv",
    "text/vcard": "vcf", "text/x-vcard": "vcf", "image/jpeg": "jpg", "image/jpg": "jpg",
    "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/bmp": "bmp",
    "image/tiff": "tif", "image/heic": "heic", "image/svg+xml": "svg", "application/pdf": "pdf",
    "application/zip": "zip", "application/json": "json", "application/xml": "xml",
    "message/rfc822": "eml", "message/global": "eml", "application/ms-tnef": "dat",
    "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m", "application/pgp-signature": "asc",
    "application/msword": "doc", "application/rtf": "rtf", "audio/mpeg": "mp3",
    "audio/amr": "amr", "audio/ogg": "ogg", "video/mp4": "mp4", "video/3gpp": "3gp",
}  # fmt: skip


def content_bytes(data: bytes, transfer: str) -> bytes:
    """The content of a leaf part, its transfer encoding undone as far as it can be."""
    if transfer == "base64":
        return base64_bytes(data)
    if transfer == "quoted-printable":
        return binascii.a2b_qp(data)
    if transfer in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return _uu(data.splitlines())
    return data


def _uu(lines: list[bytes]) -> bytes:
    out: list[bytes] = []
    for line in lines:
        if line.startswith(b"begin ") or not line.strip() or line.strip() == b"end":
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            out.append(_uu_short(line[:size]))
    return b"".join(out)


def _uu_short(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


_UU_BEGIN = re.compile(r"^begin [0-7]{3,4} (\S[^\r\n]{0,200})\r?\n", re.MULTILINE)


def uu_files(text: str) -> tuple[str, list[MailAttachment]]:
    """Text without the uuencoded files that older senders put into it, and those files."""
    if "begin " not in text:
        return text, []
    kept: list[str] = []
    files: list[MailAttachment] = []
    at = 0
    for begin in _UU_BEGIN.finditer(text):
        end = text.find("\nend", begin.end() - 1) if begin.start() >= at else -1
        if end < 0:
            continue
        body = text[begin.end() : end].encode("utf-8", "replace").splitlines()
        name = safe_name(begin[1]) or "attachment.bin"
        files.append(MailAttachment(name, "application/octet-stream", _uu(body)))
        kept.append(text[at : begin.start()])
        at = end + 4
    return "".join(kept) + text[at:], files


def attachment_name(
    disposition: str, content_type_header: str, location: str, kind: str, hint: str
) -> str:
    """The name a part goes by: filename, name, Content-Location, else an invented one."""
    for raw, key in ((disposition, "filename"), (content_type_header, "name")):
        name = safe_name(parameters(raw, hint).get(key, "")) if raw else ""
        if name:
            return name
    if location and "." in location:
        name = safe_name(header_text(location, hint).partition("?")[0])
        if name and re.search(r"\.\w{1,8}$", name):
            return name
    return f"attachment.{_EXTENSIONS.get(kind, 'bin')}"
