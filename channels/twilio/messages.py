"""Text messages as Twilio tells of them: what came in, opting out and in, and statuses.

A conversation is two numbers, theirs and ours: ``+14155550100/+14155550199``.
https://www.twilio.com/docs/messaging/guides/webhook-request (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from channels.base import Unreadable
from channels.happenings import Inbound, OptedIn, OptedOut, Progress, Stage, Unknown
from channels.twilio.meanings import words_for
from people.operations import Address
from tickets.inbound import InboundFile, InboundMessage

#: Twilio blocks our messages after these; the Chinese ones are our own to keep.
_STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
_STOP |= {"退订", "退訂", "td"}
_START = {"start", "unstop", "恢复订阅", "恢復訂閱"}
_STAGES = {
    "sent": Stage.SENT,
    "delivered": Stage.DELIVERED,
    "read": Stage.READ,
    "undelivered": Stage.FAILED,
    "failed": Stage.FAILED,
    "canceled": Stage.FAILED,
}
#: On their way to Twilio's own queue: nothing that an agent needs to know.
_BEFORE = {"accepted", "scheduled", "queued", "sending"}
_MOST_FILES = 10


def understood(form: Mapping[str, str], kind: str, receipt_id: int) -> Iterator[Inbound]:
    """What one call says, for the adapter ``kind``. Raises ``Unreadable``."""
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid")
    if not sid:
        raise Unreadable("a call of Twilio's without a message")
    if "MessageStatus" in form:
        yield from _progress(form, sid, kind)
        return
    word, facts = form.get("OptOutType", "").lower(), _facts(form, kind)
    said = form.get("Body", "").strip().rstrip(".!。！").lower()
    if word == "stop" or (not word and said in _STOP):
        yield OptedOut(external_id=f"stop:{sid}", **facts)
    elif word == "start" or (not word and said in _START):
        yield OptedIn(external_id=f"start:{sid}", **facts)
    else:
        yield _message(form, sid, kind, receipt_id)


def _message(form: Mapping[str, str], sid: str, kind: str, receipt_id: int) -> Inbound:
    facts, files = _facts(form, kind), _files(form)
    text = form.get("Body", "") or _place(form)
    if not text and not files:
        return Unknown(external_id=sid, what=form.get("MessageType", "empty message")[:80], **facts)
    answered = form.get("OriginalRepliedMessageSid", "")
    return InboundMessage(
        external_id=sid,
        sender=facts["sender"],
        text=text,
        sent_at=facts["at"],
        thread=facts["thread"],
        references=(answered,) if answered else (),
        # A sender's number can be made up in SMS; WhatsApp vouches for it.
        is_verified=form.get("From", "").startswith("whatsapp:"),
        files=files,
        receipt_id=receipt_id,
        meta={"door": kind},
    )


def _progress(form: Mapping[str, str], sid: str, kind: str) -> Iterator[Inbound]:
    status, code = form["MessageStatus"].lower(), form.get("ErrorCode", "")
    facts: dict[str, Any] = {"at": datetime.now(UTC), "about": sid}
    if status in _BEFORE:
        return
    if status not in _STAGES:
        what = f"status {status}"[:80]
        yield Unknown(external_id=f"status:{sid}:{status}"[:255], what=what, **facts)
        return
    reason = words_for(code)
    yield Progress(
        external_id=f"status:{sid}:{status}", stage=_STAGES[status], code=code, reason=reason,
        **facts,
    )  # fmt: skip
    if code == "21610":
        yield OptedOut(external_id=f"stop:{sid}", sender=_person(form, "To", kind), **facts)


def _facts(form: Mapping[str, str], kind: str) -> dict[str, Any]:
    theirs, ours = form.get("From", ""), form.get("To") or form.get("MessagingServiceSid", "")
    if not theirs:
        raise Unreadable("a call of Twilio's without a sender")
    return {
        "at": datetime.now(UTC),
        "sender": _person(form, "From", kind),
        "thread": f"{theirs}/{ours}" if ours else theirs,
    }


def _person(form: Mapping[str, str], name: str, kind: str) -> Address:
    return Address(kind, form.get(name, "")[:254], name=form.get("ProfileName", "")[:120])


def _files(form: Mapping[str, str]) -> tuple[InboundFile, ...]:
    most = form.get("NumMedia", "0")
    found = []
    for place in range(min(int(most), _MOST_FILES) if most.isdecimal() else 0):
        if url := form.get(f"MediaUrl{place}"):
            kind = form.get(f"MediaContentType{place}", "")
            name = f"file-{place + 1}.{kind.rpartition('/')[2][:10] or 'bin'}"
            file = InboundFile(
                name=name, content_type=kind[:100], size=0, sha256="", part=place,
                source={"url": url},
            )  # fmt: skip
            found.append(file)
    return tuple(found)


def _place(form: Mapping[str, str]) -> str:
    """A place on the map, which WhatsApp's users send."""
    if "Latitude" not in form or "Longitude" not in form:
        return ""
    where = f"https://maps.google.com/?q={form['Latitude']},{form['Longitude']}"
    return "\n".join(each for each in (form.get("Label"), form.get("Address"), where) if each)
