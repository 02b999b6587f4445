"""What `manage doctor` says of the mailboxes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels.models import FetchState
from support import doctor
from support.models import Heartbeat
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def verdict() -> tuple[bool, str]:
    (found,) = (finding for finding in doctor.examine() if finding.name == "mailboxes")
    return found.well, found.words


def test_without_mailboxes_to_fetch_nobody_need_run() -> None:
    make_account()
    assert verdict() == (True, "No mailbox is fetched.")


def test_mailboxes_want_somebody_who_fetches_them_and_no_trouble() -> None:
    account = make_account(settings={"imap_host": "imap.example.com"})
    assert verdict()[0] is False
    beat = Heartbeat.objects.create(name="mailboxes", at=timezone.now())
    state = FetchState.objects.create(account=account)
    assert verdict() == (True, "1 mailboxes are fetched.")
    FetchState.objects.update(failures=1, error="cut")
    assert verdict()[0] is True
    FetchState.objects.update(failures=3, error="The name is not known")
    assert verdict() == (False, "support@example.com: The name is not known")
    state.delete()
    beat.at = timezone.now() - timedelta(minutes=5)
    beat.save()
    assert "manage mailboxes" in verdict()[1]
