"""The mail as it leaves."""

from __future__ import annotations

from email.utils import formataddr

from django.core.mail import EmailMultiAlternatives

from channels.base import OutboundMessage
from channels.sending.letter import LetterWithPictures, picture
from tickets.files import open_file


def compose(message: OutboundMessage) -> EmailMultiAlternatives:
    """Raises ``OSError`` when an attachment cannot be read."""
    together = message.together
    mail = LetterWithPictures(
        subject=" ".join(message.subject.split()),
        body=message.text,
        from_email=formataddr((message.from_name, message.sender)),
        to=together.to if together else [message.to],
        cc=together.cc if together else (),
        bcc=together.bcc if together else (),
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": message.external_id, **message.headers},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for file in message.files:
        with open_file(file.key) as stored:
            content = stored.read()
        if file.content_id:
            mail.attach(picture(file.name, file.content_type, content, file.content_id))
        else:
            mail.attach(file.name, content, file.content_type)
    return mail


def name_everybody(mail: EmailMultiAlternatives, message: OutboundMessage) -> None:
    """Where the envelope is ours to write, it names one, and the headers name all."""
    named = {"To": message.to_header, "Cc": message.cc_header}
    mail.extra_headers |= {field: value for field, value in named.items() if value}
