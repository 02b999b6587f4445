"""Telephone calls as Twilio tells of them: what came of each, and what was recorded.

A call that ends with nothing said or heard becomes a message, "Missed call": somebody wanted
something. The nightly log of calls tells the same things again, and so what we have not heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils.translation import gettext as _
from redis import RedisError

from channels.base import Unreadable
from channels.happenings import Called, Inbound, Pressed
from people.operations import Address
from support.redis import client
from tickets.inbound import InboundFile, InboundMessage

ENDED = {"completed", "busy", "no-answer", "failed", "canceled"}
_DAYS = 3 * 24 * 3600


def understood(
    form: Mapping[str, str], query: Mapping[str, str], receipt_id: int
) -> Iterator[Inbound]:
    """What one call of Twilio's says. Raises ``Unreadable``."""
    sid, step = form.get("CallSid", ""), query.get("step", "")
    if not sid:
        raise Unreadable("a call of Twilio's without a telephone call")
    facts, status = _facts(form, query, sid), form.get("CallStatus", "")
    if step == "recording":
        if form.get("RecordingStatus") == "completed" and form.get("RecordingUrl"):
            yield _voicemail(form, facts, query, receipt_id)
    elif step in ("", "status"):
        yield from ended(facts, sid, status, form.get("CallDuration", ""), receipt_id)
    else:
        pressed = form.get("Digits", "") or form.get("DialCallStatus", "")
        payload = f"{step}:{pressed}"[:80]
        yield Pressed(external_id=f"{sid}:{payload}", payload=payload, **facts)
        if is_served(form, query):
            yield Called(external_id=f"{sid}:served", state="served", **facts)


def logged(call: Mapping[str, Any], receipt_id: int) -> Iterator[Inbound]:
    """A line of the log of calls."""
    if call.get("direction") != "inbound":
        return
    form = {"From": str(call.get("from", "")), "To": str(call.get("to", ""))}
    sid, facts = str(call["sid"]), _facts(form, {}, str(call["sid"]))
    if started := call.get("start_time"):
        facts["at"] = parsedate_to_datetime(str(started)).astimezone(UTC)
    length = str(call.get("duration") or "")
    yield from ended(facts, sid, str(call.get("status", "")), length, receipt_id)


def ended(
    facts: Mapping[str, Any], sid: str, status: str, length: str, receipt_id: int
) -> Iterator[Inbound]:
    """The state of a call, and a message when it ended for nothing."""
    seconds = int(length) if length.isdecimal() else None
    yield Called(external_id=f"{sid}:{status}"[:255], state=status[:40], seconds=seconds, **facts)
    if status in ENDED and not _was_served(sid):
        yield InboundMessage(
            external_id=f"{sid}:missed",
            sender=facts["sender"],
            text=_("Missed call"),
            sent_at=facts["at"],
            thread=facts["thread"],
            never_acknowledge="no-address",
            receipt_id=receipt_id,
            meta={"door": "voice"},
        )


def is_served(form: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether the caller got, or left, something at this step."""
    step = query.get("step", "")
    if step == "recorded":
        return form.get("RecordingDuration", "0") != "0"
    if step == "dialled":
        return form.get("DialCallStatus") == "completed"
    return step == "number" and bool(form.get("Digits"))


def note_served(sid: str) -> None:
    """At once: the end of the call may be read before what was pressed."""
    try:
        client().set(f"voice-served:{sid}", 1, ex=_DAYS)
    except RedisError:
        return


def _was_served(sid: str) -> bool:
    """Without Redis nobody knows, and a missed call too many is better than one too few."""
    try:
        return bool(client().exists(f"voice-served:{sid}"))
    except RedisError:
        return False


def _voicemail(
    form: Mapping[str, str], facts: Mapping[str, Any], query: Mapping[str, str], receipt_id: int
) -> InboundMessage:
    length = form.get("RecordingDuration", "0")
    file = InboundFile(
        name="voicemail.mp3", content_type="audio/mpeg", size=0, sha256="",
        source={"url": f"{form['RecordingUrl']}.mp3"},
    )  # fmt: skip
    return InboundMessage(
        external_id=form["RecordingSid"],
        sender=facts["sender"],
        text=_("Voicemail, %(seconds)s seconds") % {"seconds": length},
        sent_at=facts["at"],
        thread=facts["thread"],
        language=query.get("lang", ""),
        is_verified=query.get("proved") == "1",
        never_acknowledge="no-address",
        files=(file,),
        receipt_id=receipt_id,
        meta={"door": "voice"},
    )


def _facts(form: Mapping[str, str], query: Mapping[str, str], sid: str) -> dict[str, Any]:
    """Who called whom; the call about a recording has it in our own address, signed with it."""
    theirs = form.get("From") or query.get("from", "")
    ours = form.get("To") or query.get("to", "")
    if not theirs.removeprefix("+").isdecimal():
        theirs = f"anonymous:{sid}"
    at = datetime.now(UTC)
    thread = f"{theirs}/{ours}" if ours else theirs
    return {"at": at, "sender": Address("voice", theirs[:254]), "thread": thread}
