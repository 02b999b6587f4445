"""The mail as it leaves."""

from __future__ import annotations

from email.utils import formataddr

from django.core.mail import EmailMultiAlternatives

from channels.base import OutboundMessage
from tickets.files import open_file


def compose(message: OutboundMessage) -> EmailMultiAlternatives:
    """Raises ``OSError`` when an attachment cannot be read."""
    mail = EmailMultiAlternatives(
        subject=" ".join(message.subject.split()),
        body=message.text,
        from_email=formataddr((message.from_name, message.sender)),
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": message.external_id, **message.headers},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for file in message.files:
        with open_file(file.key) as content:
            mail.attach(file.name, content.read(), file.content_type)
    return mail
