from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from people.models import Identity
from people.operations import Address, email_of, lock_contact, verify
from people.reachability import HARD, SOFT, Bounce, note_bounces, note_good_sends

pytestmark = pytest.mark.django_db
ANN = Address.email("ann@example.org", "Ann")


@pytest.fixture(autouse=True)
def _ann(db: None) -> None:
    lock_contact(ANN)


def bounce(weight: float, *, was_sent: bool = True) -> set[str]:
    return note_bounces([Bounce(ANN.value, weight, "mailbox-full", was_sent)])


def ann() -> Identity:
    return Identity.objects.get(value=ANN.value)


def test_a_dead_address_is_stopped_at_once_and_told_once() -> None:
    assert bounce(HARD) == {ANN.value}
    assert bounce(HARD) == set()
    assert ann().undeliverable_at is not None
    assert email_of(ann().contact) == ""


def test_the_third_soft_bounce_stops_it_though_mail_was_taken_in_between() -> None:
    assert bounce(SOFT, was_sent=False) == set()
    for expected in (set(), {ANN.value}):
        note_good_sends([ANN.value])
        assert bounce(SOFT) == expected


def test_many_good_sends_make_up_for_a_bounce() -> None:
    bounce(SOFT, was_sent=False)
    for _ in range(11):
        note_good_sends(["ANN@example.org"])
    assert ann().bounce_score == 0
    assert bounce(SOFT) == bounce(SOFT) == set()


def test_what_is_a_month_old_is_forgotten() -> None:
    assert bounce(SOFT) == bounce(SOFT) == set()
    Identity.objects.update(bounced_at=timezone.now() - timedelta(days=31))
    assert bounce(SOFT) == set()
    assert ann().bounce_score < 2


def test_what_says_nothing_about_the_address_does_not_count() -> None:
    for _ in range(5):
        assert bounce(0.0) == set()
    assert ann().bounced_at is None


def test_mail_from_its_owner_proves_that_it_works_again() -> None:
    verify(ANN)
    bounce(HARD)
    verify(ANN)
    assert ann().undeliverable_at is None
    assert ann().bounce_score == 0
    assert ann().bounce_reason == ""


def test_nobody_becomes_known_by_a_bounce() -> None:
    note_bounces([Bounce("eve@example.net", HARD)])
    assert Identity.objects.count() == 1
