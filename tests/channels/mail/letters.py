"""Small mails for tests, built in code."""

from email.message import EmailMessage


def letter(text: str = "Hello", *, html: str = "", **headers: str) -> bytes:
    """A mail from Ann to the desk; keyword names become headers (`in_reply_to`: In-Reply-To)."""
    message = EmailMessage()
    given = {
        "from": "Ann Example <ann@example.com>",
        "to": "support@example.org",
        "subject": "Order 17",
        "message_id": "<one@example.com>",
        "date": "Tue, 03 Feb 2026 10:00:00 +0000",
    }
    for name, value in {**given, **headers}.items():
        if value:
            message[name.replace("_", "-").title()] = value
    if text or not html:
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
    else:
        message.set_content(html, subtype="html")
    return message.as_bytes()


def raw(head: str, body: bytes | str = b"") -> bytes:
    """A mail written out by hand; CRLF throughout."""
    content = body.encode() if isinstance(body, str) else body
    return head.strip().replace("\n", "\r\n").encode() + b"\r\n\r\n" + content
