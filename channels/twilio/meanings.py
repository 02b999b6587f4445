"""Twilio's error codes: what follows when a message is refused, and what an agent reads.

https://www.twilio.com/docs/api/errors (read November 2026). The same codes come with the answer to
our call and, minutes later, with a status.
"""

from __future__ import annotations

from channels.base import Outcome

_LATER, _NEVER = Outcome.LATER, Outcome.NEVER
_BLOCKED, _SIGN_IN = Outcome.BLOCKED, Outcome.SIGN_IN

MEANINGS: dict[int, tuple[Outcome, str]] = {
    20003: (_SIGN_IN, "the account's SID or auth token is wrong"),
    20005: (_SIGN_IN, "the account is not active"),
    20404: (_SIGN_IN, "there is no such account"),
    20429: (_LATER, "too many requests"),
    21211: (_NEVER, "this is no telephone number"),
    21408: (_NEVER, "messages to this country are not switched on"),
    21601: (_SIGN_IN, "the sender cannot send messages"),
    21602: (_NEVER, "the message is empty"),
    21606: (_SIGN_IN, "the sender is no number of this account"),
    21608: (_NEVER, "a trial account writes to verified numbers only"),
    21610: (_BLOCKED, "the person has sent STOP"),
    21611: (_LATER, "the sender's queue is full"),
    21612: (_NEVER, "there is no route from the sender to this number"),
    21614: (_NEVER, "this is no mobile number"),
    21617: (_NEVER, "the message is longer than 1,600 characters"),
    21620: (_NEVER, "the file cannot be fetched"),
    21623: (_NEVER, "too many files"),
    21659: (_SIGN_IN, "the sender is no number of Twilio's"),
    21660: (_SIGN_IN, "the sender belongs to another account"),
    21703: (_SIGN_IN, "the messaging service has no number"),
    30001: (_LATER, "the queue is full"),
    30002: (_SIGN_IN, "the account is suspended"),
    30003: (_LATER, "the telephone is off or out of reach"),
    30004: (_BLOCKED, "the telephone or its network blocks the message"),
    30005: (_NEVER, "nobody has this number"),
    30006: (_NEVER, "this is a landline, or its network takes no messages"),
    30007: (_NEVER, "the network held the message to be unwanted"),
    30008: (_LATER, "the network gives no reason"),
    30011: (_NEVER, "the telephone takes no pictures"),
    30017: (_LATER, "the network is overloaded"),
    30019: (_NEVER, "the file is too big for the network"),
    30022: (_LATER, "more than the network allows to be sent at once"),
    30032: (_SIGN_IN, "the toll-free sender is not verified"),
    30034: (_NEVER, "the sender is not registered (A2P 10DLC)"),
    63016: (Outcome.CLOSED, "WhatsApp's time to answer is over"),
    63018: (_LATER, "more than WhatsApp allows to be sent at once"),
    63024: (_NEVER, "this person is not on WhatsApp"),
}


def outcome_of(code: int, status: int) -> Outcome:
    """What a refusal with this code, or of this HTTP status, means."""
    if code in MEANINGS:
        return MEANINGS[code][0]
    if status == 429:
        return Outcome.LATER
    if status in (401, 403):
        return Outcome.SIGN_IN
    return Outcome.UNKNOWN if status >= 500 else Outcome.NEVER


def words_for(code: str) -> str:
    """What a code says, in words; "" for one that we do not know."""
    return MEANINGS[int(code)][1] if code.isdecimal() and int(code) in MEANINGS else ""
