"""A mail whose HTML shows pictures that the mail itself bears."""

from __future__ import annotations

from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from typing import Any

from django.core.mail import EmailMultiAlternatives


class LetterWithPictures(EmailMultiAlternatives):
    """The pictures stand among the attachments, where providers' APIs look for them; in the mail
    itself they lie beside the HTML (multipart/related, RFC 2387), and are no attachments."""

    def _create_alternatives(self, msg: Any) -> Any:
        made = super()._create_alternatives(msg)  # type: ignore[misc]
        pictures = [each for each in self.attachments if _is_picture(each)]
        if not pictures or not isinstance(made, MIMEMultipart):
            return made
        parts: Any = made.get_payload()
        related = MIMEMultipart("related", type="text/html")
        for part in (parts[-1], *pictures):
            related.attach(part)
        made.set_payload([*parts[:-1], related])
        return made

    def _create_attachments(self, msg: Any) -> Any:
        kept = self.attachments
        self.attachments = [each for each in kept if not _is_picture(each)]
        try:
            return super()._create_attachments(msg)  # type: ignore[misc]
        finally:
            self.attachments = kept


def _is_picture(attached: object) -> bool:
    return isinstance(attached, MIMEBase) and "Content-ID" in attached


def picture(name: str, content_type: str, content: bytes, content_id: str) -> MIMEBase:
    part = MIMEBase(*content_type.split("/", 1))
    part.set_payload(content)
    encode_base64(part)
    part["Content-ID"] = f"<{content_id}>"
    part.add_header("Content-Disposition", "inline", filename=("utf-8", "", name))
    return part
