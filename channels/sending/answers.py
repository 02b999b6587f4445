"""What a server said about one mail, as the delivery code wants to know it."""

from __future__ import annotations

from channels.base import OutboundMessage, Outcome, Result


def result(message: OutboundMessage, outcome: Outcome, detail: str) -> Result:
    return Result(key=message.key, outcome=outcome, detail=detail, external_id=message.external_id)


def answered(message: OutboundMessage, code: int, answer: bytes | str) -> Result:
    """The outcome that an SMTP answer stands for."""
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    if code == 250:
        return result(message, Outcome.SENT, "")
    outcome = Outcome.LATER if 400 <= code < 500 else Outcome.NEVER
    return result(message, outcome, f"{code} {said}")
