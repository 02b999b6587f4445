from __future__ import annotations

import pytest
from django.utils.translation import override

from channels.refusals import explain, refusal_of
from people.reachability import HARD, SOFT


@pytest.mark.parametrize(
    ("said", "status", "word", "weight"),
    [
        ("550 5.1.1 <ann@example.org>: no such user", "", "unknown-user", HARD),
        ("smtp; 550 5.1.1 unknown", "5.1.1", "unknown-user", HARD),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", "5.1.10", "unknown-user", HARD),
        ("5.4.4 unable to route", "", "unknown-domain", HARD),
        ("the domain was not found", "5.1.2", "unknown-domain", HARD),
        ("account disabled", "5.2.1", "mailbox-off", HARD),
        ("552 5.2.2 over quota", "5.2.2", "mailbox-full", SOFT),
        ("452 4.2.2 over quota", "4.2.2", "mailbox-full", SOFT),
        ("552 5.3.4 message size exceeds limit", "5.3.4", "too-large", 0),
        ("550 5.7.1 our rules", "5.7.1", "policy", SOFT),
        ("550 5.7.1 user unknown", "5.7.1", "unknown-user", HARD),
        ("550 5.1.8 sender's domain", "5.1.8", "sender-refused", 0),
        ("4.4.7 message expired", "4.4.7", "expired", SOFT),
        ("450 greylisted for too long", "", "refused", SOFT),
        ("550 No such user here", "", "unknown-user", HARD),
        ("I am a teapot", "", "refused", SOFT),
        ("554 host 10.5.1.1 is blocked", "", "policy", SOFT),
        ("", "", "refused", SOFT),
    ],
)
def test_a_refusal_is_told_by_its_code_and_else_by_its_words(
    said: str, status: str, word: str, weight: float
) -> None:
    refusal = refusal_of(said, status=status)
    assert (refusal.word, refusal.weight) == (word, weight)


def test_a_server_that_still_tries_has_not_refused() -> None:
    refusal = refusal_of("421 try later", status="4.4.1", action="delayed")
    assert not refusal.is_final
    assert refusal.weight == 0


def test_what_is_kept_is_said_in_words() -> None:
    kept = refusal_of("552 5.2.2 over quota").kept
    assert kept == "mailbox-full: 552 5.2.2 over quota"
    with override("en"):
        assert explain(kept) == "The mailbox is full. (552 5.2.2 over quota)"
        assert explain("no-address") == "There is no address that mail arrives at."


@pytest.mark.parametrize("other", ["550 no", "", "unheard-of: x", "Too late: sorry"])
def test_other_words_stay_as_they_are(other: str) -> None:
    assert explain(other) == other


def test_a_long_answer_fits_its_column() -> None:
    assert len(refusal_of("550 5.1.1 " + "x" * 5000).kept) == 300
