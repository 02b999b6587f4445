"""What a mail turned out to be: the shapes that leave mail understanding."""

from dataclasses import dataclass
from datetime import datetime

Address = tuple[str, str]


class Unreadable(Exception):
    """The mail is too hostile to understand; keep the raw bytes and show them to an operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """A file that came with the mail; name and type are the sender's claim, nothing more."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class BounceReport:
    """What a delivery report says (RFC 3464); empty strings where it is silent."""

    recipient: str = ""
    status: str = ""
    action: str = ""
    original_message_id: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One understood mail. Every text is storable in Postgres: no NUL, no lone surrogates.

    `reply_text` and `quoted_text` together hold all of `text`; nothing is ever cut.
    `suppress_autoreply` says that no automatic mail may answer this one; `auto_reason` says why.
    `from_text` is the end of the From field, `froms` the addresses in it, in lower case.
    """

    from_email: str
    from_name: str
    reply_to: tuple[Address, ...]
    sender_headers: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    recipients: tuple[str, ...]
    subject: str
    clean_subject: str
    message_id: str
    has_own_message_id: bool
    in_reply_to: str
    references: tuple[str, ...]
    date: datetime | None
    text: str
    reply_text: str
    quoted_text: str
    html: str
    signature: str
    attachments: tuple[MailAttachment, ...]
    is_auto: bool
    is_bounce: bool
    is_out_of_office: bool
    suppress_autoreply: bool
    auto_reason: str
    bounce: BounceReport | None
    auth_results: tuple[str, ...]
    loop_headers: tuple[str, ...]
    spam_headers: tuple[tuple[str, str], ...]  # by their lower-case names
    from_text: str = ""
    froms: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
