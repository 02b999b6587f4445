"""Delivery reports: RFC 3464 first, then what mail servers write when they follow no RFC."""

import re
from email.message import Message

from channels.mail.addresses import parse_addresses
from channels.mail.decode import header_text
from channels.mail.fields import raw_field
from channels.mail.headers import Headers
from channels.mail.parsed import BounceReport
from channels.mail.structure import Content

_DAEMON = re.compile(
    r"mailer[-_.]?d[ae]e?mon|post[-_]?master|mail[-_]?daemon|mdaemon|mail[-_.]?delivery"
    r"|mailadm|mail ?delivery (?:sub)?system"
    r"|delivery[-_.]?(?:status|failure|report)|undeliver|bounce",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mailer[- ]?daemon|post-?master|mail delivery|delivery (?:sub)?system|undeliver", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"\s*\W{0,3}(?:undeliver(?:able|ed)|non[- ]?remis|delivery (?:status|failure|failed"
    r"|report|notif|problem|unsuccessful|delayed|incomplete|error)"
    r"|(?:mail|message|email|e-mail) (?:delivery|could not be|system error|not delivered"
    r"|undeliver|rejected|status report|you sent blocked)"
    r"|returned (?:mail|message|to sender|email)|failure (?:notice|delivery)"
    r"|failed (?:mail|delivery)|mail (?:failure|system error)"
    r"|warning: (?:could not send|message)|unable to deliver|nondeliverable"
    r"|could not (?:be )?deliver"
    r"|unzustellbar|nicht zustellbar|zustellung|fehler bei der nachrichten|rückläufer"
    r"|mail fehlgeschlagen"
    r"|(?:sorry, )?your (?:message|e?-?mail) (?:could not|was not|has not|cannot) be"
    r"|non recapitabil|mancato recapito|notifica di mancat|no se (?:ha )?(?:pudo"
    r"|puede) entregar|no entregad|mensaje (?:no|rechazado)"
    r"|não (?:foi )?(?:entreg|possível)|notifica[cç](?:ião|ão) de (?:falha|status)"
    r"|échec de|non distribu|remise (?:retardée|impossible)"
    r"|onbestelbaar|niet bezorg|niedostarcz|nedoručiteľn|nedoručiteln|oleverer"
    r"|kan inte levereras|ikke leveres|ei voitu toimittaa"
    r"|недостав|не доставлен|сообщение не|退信|无法投递|系统退信|投递失败"
    r"|無法傳遞|郵件傳遞|配信(?:不能|エラー)|送信エラー"
    r"|반송|전송 ?실패|iletilemeyen|dostarczeni)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_BODY = re.compile(
    r"(?:this is (?:the mail (?:system|delivery)|a permanent error"
    r"|an automatically generated delivery)"
    r"|the following (?:address(?:es)?|recipients?|message) (?:failed|had (?:permanent"
    r"|delivery)|could not)"
    r"|i'm sorry to (?:have to )?inform you that|i was(?:n't| not) able to deliver"
    r"|transcript of session follows|permanent fatal errors"
    r"|delivery to the following recipients? (?:failed|has been)"
    r"|your (?:message|mail|e-?mail) (?:to .{1,80} )?(?:could not be|was not|did not reach"
    r"|has been rejected|cannot be|wasn't) ?(?:delivered)?"
    r"|could not be delivered to|user (?:is )?unknown|(?:mailbox|user|account|address"
    r"|recipient)[^.\n]{0,40}(?:unavailable|not found|does(?:n't| not) exist|is full"
    r"|over quota|disabled|rejected)"
    r"|no such (?:user|recipient|mailbox|address)|\b5[0-5]\d[- #]{1,2}5\.\d\.\d"
    r"|delivery (?:has )?failed|undeliverable"
    r"|you are not a member of this mailing list)",
    re.IGNORECASE,
)


def bounce_of(
    headers: Headers, content: Content, subject: str, sender: tuple[str, str], report_type: str
) -> BounceReport | None:
    """The report when this mail is one about a mail that did not arrive, else None."""
    statuses = [block for kind, block in content.reports if "delivery-status" in kind]
    if statuses:
        return None if _only_successes(statuses) else _from_status(statuses, content)
    if report_type in ("feedback-report", "disposition-notification"):
        return None
    daemon = "x-mlserver" in headers or _is_daemon(*sender)
    if report_type == "delivery-status" or headers.get("x-failed-recipients"):
        return _from_text(headers, content)
    subject_says = _SUBJECT.match(subject) is not None
    null_path = headers.raw("return-path").strip() == "<>"
    if not (daemon or subject_says or null_path):
        return None
    body_says = _BODY.search(content.body.text[:20_000]) is not None
    returned = bool(content.returned or content.returned_text)
    evidence = body_says or returned
    votes = 2 * daemon + 2 * subject_says + null_path + body_says + (body_says and returned)
    machine = daemon or null_path or returned
    if votes >= 3 and machine and (evidence or (daemon and subject_says)):
        return _from_text(headers, content)
    return None


def _is_daemon(name: str, address: str) -> bool:
    local = address.rpartition("@")[0] or address
    return _DAEMON.search(local) is not None or _DAEMON_NAME.search(name) is not None


def _only_successes(statuses: list[Message]) -> bool:
    actions = [_field(block, "action").lower() for block in statuses]
    said = [action for action in actions if action]
    return bool(said) and all(action in ("delivered", "relayed", "expanded") for action in said)


def _from_status(statuses: list[Message], content: Content) -> BounceReport:
    """The first failed recipient of the report (rule 29)."""
    blocks = [block for block in statuses if _field(block, "final-recipient", "original-recipient")]
    failed = [block for block in blocks if _field(block, "action").lower() == "failed"]
    block = (failed or blocks or statuses)[0]
    recipient = _typed(_field(block, "original-recipient")) or _typed(
        _field(block, "final-recipient")
    )
    status = _STATUS.search(_field(block, "status"))
    return BounceReport(
        recipient=_typed(_field(block, "final-recipient")) or recipient,
        status=status[1] if status else "",
        action=_field(block, "action").lower()[:20],
        original_message_id=_original_id(content),
        diagnostic=_typed(_field(block, "diagnostic-code"))[:1000],
    )


def _from_text(headers: Headers, content: Content) -> BounceReport:
    text = content.body.text[:20_000]
    failed = parse_addresses(headers.raw("x-failed-recipients"))
    found = re.search(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", text)
    status = _STATUS.search(text)
    line = next((one.strip() for one in text.split("\n") if _BODY.search(one[:1000])), "")
    return BounceReport(
        recipient=(failed[0][1] if failed else found[0] if found else "").lower(),
        status=status[1] if status else "",
        action="failed" if not status or status[1].startswith("5") else "delayed",
        original_message_id=_original_id(content),
        diagnostic=line[:1000],
    )


def _original_id(content: Content) -> str:
    for message in content.returned:
        found = re.search(r"<([^<>\s]{1,990})>", raw_field(message, "message-id"))
        if found:
            return header_text(found[1])
    for text in [*content.returned_text, content.body.text[:100_000]]:
        found = re.search(r"^\s{0,8}message-id:\s{0,4}<([^<>\s]{1,990})>", text, re.I | re.M)
        if found:
            return found[1]
    return ""


def _field(block: Message, *names: str) -> str:
    for name in names:
        value = raw_field(block, name)
        if value:
            return header_text(value)[:2000]
    return ""


def _typed(value: str) -> str:
    """The value behind its type: `rfc822; ann@example.com`."""
    kind, mark, rest = value.partition(";")
    return (rest if mark and len(kind) < 30 else value).strip().strip("<>")
