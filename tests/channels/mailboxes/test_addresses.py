"""Aliases: a mailbox receives under each of its addresses, and none of them is a customer's."""

from __future__ import annotations

import smtplib

import pytest

from channels import receipts
from channels.mailboxes.addresses import addresses
from channels.models import Alias, Receipt
from tests.channels.doors import HOST, running_door
from tests.factories import make_account, make_inbox, raw_mail

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_mail_door_takes_mail_to_an_alias() -> None:
    account = make_account()
    Alias.objects.create(account=account, address="hilfe@example.com")
    with running_door() as door, smtplib.SMTP(HOST, door.port) as client:
        client.sendmail("ann@example.org", ["Hilfe+x@example.com"], raw_mail().decode())
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("ann@example.org", ["other@example.com"], raw_mail().decode())
    assert Receipt.objects.get().account_id == account.pk


def test_an_alias_never_takes_another_mailboxs_address_and_rests_with_its_own() -> None:
    first = make_account()
    resting = make_account(address="old@example.com", inbox=make_inbox(), is_active=False)
    Alias.objects.create(account=resting, address="hilfe@example.com")
    second = make_account(address="sales@example.com", inbox=make_inbox())
    Alias.objects.create(account=second, address="support@example.com")
    assert addresses() == {"support@example.com": first.pk, "sales@example.com": second.pk}


def test_mail_from_an_alias_of_ours_is_no_customers() -> None:
    account = make_account()
    Alias.objects.create(account=account, address="hilfe@example.com")
    receipt = receipts.accept(account, raw_mail(From="Help <hilfe@example.com>"), {})
    assert receipt is not None
    receipts.process([receipt.pk])
    receipt.refresh_from_db()
    assert receipt.status != Receipt.Status.FILED
