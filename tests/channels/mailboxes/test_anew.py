"""Old mail: numbered anew by the server, in another folder, or imported on request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels.mailboxes.cursor import begin_import
from channels.models import Account, FetchState, Receipt
from tests.channels.mailboxes.boxes import change, look, mails, stored
from tests.channels.mailboxes.dovecot import Dovecot
from tests.working import work
from tickets.models import Message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]
LONG = timedelta(days=90)


@pytest.mark.parametrize("is_filed", [True, False])
def test_numbered_anew_midway_nothing_is_fetched_twice_and_nothing_missed(
    dovecot: Dovecot, account: Account, is_filed: bool
) -> None:
    dovecot.drop(*mails(40), age=LONG)  # before us
    look(account)
    first = mails(120, first=100)
    dovecot.drop(*first)
    look(account, steps=1)  # 50 of them
    if is_filed:
        work()
    dovecot.number_anew()
    late = mails(30, first=300)
    dovecot.drop(*late)
    look(account)
    look(account)
    assert set(stored()) == {*first, *late}
    doubled = Receipt.objects.count() - 150
    assert doubled == 5, "only those without a Message-ID among the 50 came again"
    work()
    assert Message.objects.count() == 150


def test_numbered_anew_the_mails_that_wait_unfiled_are_known_too(
    dovecot: Dovecot, account: Account
) -> None:
    change(account, size_limit=20_000)
    look(account)
    dovecot.drop(*mails(8), mails(1, first=8)[0] + b"x" * 30_000)
    look(account)
    Receipt.objects.filter(pk__in=Receipt.objects.all()[:3]).update(status="watched")
    before = set(Receipt.objects.values_list("pk", flat=True))
    dovecot.number_anew()
    look(account)
    assert set(Receipt.objects.values_list("pk", flat=True)) == before


def test_the_same_id_with_another_body_is_fetched(dovecot: Dovecot, account: Account) -> None:
    look(account)
    one, two = mails(1)[0], mails(1)[0] + b"And a second line.\r\n"
    dovecot.drop(one)
    look(account)
    dovecot.number_anew()
    dovecot.drop(two)
    look(account)
    assert stored() == sorted([one, two])


def test_numbered_anew_and_cut_off_the_rest_is_still_judged_by_its_age(
    dovecot: Dovecot, account: Account
) -> None:
    dovecot.drop(*mails(10), age=LONG)
    look(account)
    dovecot.number_anew()
    new = mails(120, first=100)
    dovecot.drop(*new)
    look(account, steps=1)
    look(account)
    assert set(stored()) == set(new)
    assert Receipt.objects.count() == 120


def test_stored_mails_of_before_are_marked_once_they_are_recognised(
    dovecot: Dovecot, account: Account
) -> None:
    look(account)
    dovecot.drop(*mails(5))
    look(account)
    change(account, after_fetch="move", move_to="Done")
    dovecot.number_anew()
    look(account)
    assert (Receipt.objects.count(), dovecot.files()) == (5, [])


def test_another_folder_begins_with_what_came_since(dovecot: Dovecot, account: Account) -> None:
    look(account)
    dovecot.drop(*mails(3))
    look(account)
    dovecot.drop(*mails(4, first=10), folder="Sales", age=LONG)
    new = mails(2, first=20)
    dovecot.drop(*new, folder="Sales")
    change(account, folder="Sales")
    look(account)
    assert stored() == sorted([*mails(3), *new])


def test_old_mail_is_imported_from_a_day_on_and_new_mail_does_not_wait_for_it(
    dovecot: Dovecot, account: Account
) -> None:
    dovecot.drop(*mails(20), age=timedelta(days=400))
    wanted = mails(130, first=100)
    dovecot.drop(*wanted, age=timedelta(days=20))
    begin_import(account, since=(timezone.now() - timedelta(days=30)).date())
    look(account, steps=1)
    assert Receipt.objects.count() == 50
    new = mails(3, first=900)
    dovecot.drop(*new)
    look(account, steps=1)
    assert Receipt.objects.count() == 53
    look(account, steps=1)
    state = look(account)
    assert state.imported_at
    imported = Receipt.objects.filter(meta__has_key="import")
    assert {bytes(body) for body in imported.values_list("body", flat=True)} == set(wanted)
    fresh = Receipt.objects.exclude(meta__has_key="import")
    assert {bytes(body) for body in fresh.values_list("body", flat=True)} == set(new)
    look(account)
    assert Receipt.objects.count() == 133


def test_imported_mail_is_not_moved(dovecot: Dovecot, account: Account) -> None:
    change(account, after_fetch="move", move_to="Done")
    dovecot.drop(*mails(3), age=LONG)
    look(account)
    begin_import(account, since=(timezone.now() - 2 * LONG).date())
    look(account)
    look(account)
    assert Receipt.objects.count() == len(dovecot.files()) == 3


def test_an_import_may_be_asked_for_later_and_again(dovecot: Dovecot, account: Account) -> None:
    dovecot.drop(*mails(4), age=timedelta(days=400))
    dovecot.drop(*mails(5, first=50), age=LONG)
    look(account)
    assert not Receipt.objects.exists()
    begin_import(account, since=(timezone.now() - timedelta(days=100)).date())
    look(account)
    assert Receipt.objects.count() == 5
    begin_import(account, since=(timezone.now() - timedelta(days=500)).date())
    look(account)
    assert Receipt.objects.count() == 9


def test_an_import_of_an_empty_mailbox_is_done_at_once(account: Account) -> None:
    begin_import(account, since=timezone.now().date())
    assert look(account).imported_at
    assert FetchState.objects.get().failures == 0
