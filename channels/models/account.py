"""How inboxes are connected, and how each connection fares."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.base import Adapter
from support.crypto import EncryptedJSONField
from tickets.models import Inbox


class Account(models.Model):
    """How one inbox connects to its provider."""

    class Mode(models.TextChoices):
        LIVE = "live", _("live")
        WATCH = "watch", _("watching")  # shows what it would do, and does nothing

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="accounts")
    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=254, blank=True, help_text="Lower case.")
    settings = EncryptedJSONField(default=dict)
    is_active = models.BooleanField(default=True)
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.LIVE, db_default=Mode.LIVE)
    automatic_per_minute = models.PositiveIntegerField(
        _("automatic mails a minute"),
        default=10_000,
        db_default=10_000,
        help_text=_("Above it, automatic mail is held until somebody decides."),
    )

    heard_at = models.DateTimeField(null=True, help_text="Last call or mail in.")
    sent_at = models.DateTimeField(null=True, help_text="Last message out.")
    error = models.CharField(max_length=300, blank=True, default="", db_default="")
    error_at = models.DateTimeField(null=True)
    needs_sign_in = models.BooleanField(default=False, db_default=False)
    poll_cursor = models.CharField(max_length=255, blank=True, default="", db_default="")
    polled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "address"], condition=~Q(address=""), name="account_address_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}".strip()

    @property
    def adapter(self) -> Adapter:
        return Adapter.registry[self.kind](**self.settings)


class Alias(models.Model):
    """Another address under which a mailbox receives."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="aliases")
    address = models.CharField(max_length=254, unique=True, help_text="Lower case.")

    def __str__(self) -> str:
        return self.address


class FetchState(models.Model):
    """How far a mailbox that we fetch from has been read, and how it fares.

    ``uid_validity`` and ``last_uid`` are IMAP's (RFC 3501, 2.3.1.1): every mail up to
    ``last_uid`` is stored as a receipt, or was there before we were.
    """

    account = models.OneToOneField(Account, models.CASCADE, related_name="fetch_state")
    place = models.CharField(
        max_length=32, default="", db_default="", help_text="Tells server, user and folder apart."
    )
    uid_validity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    import_since = models.DateField(null=True, help_text="Older mail is left where it is.")
    import_last_uid = models.BigIntegerField(null=True, help_text="Up to here mail is imported.")
    import_uid = models.BigIntegerField(default=0, db_default=0, help_text="So far it has come.")
    imported_at = models.DateTimeField(null=True, help_text="When the import was done.")
    fetched_at = models.DateTimeField(null=True, help_text="Last time all was read.")
    last_mail_at = models.DateTimeField(null=True)
    behind = models.PositiveIntegerField(default=0, help_text="Mails seen and not yet stored.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    next_try_at = models.DateTimeField(db_default=Now())
    error = models.CharField(max_length=500, blank=True)
    error_at = models.DateTimeField(null=True)
    needs_sign_in = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"fetch state of {self.account_id}"


class Breaker(models.Model):
    """An open breaker: automatic mail of the account, or only that to one recipient, is held."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="breakers")
    recipient = models.CharField(max_length=254, blank=True, help_text="Empty: everybody.")
    reason = models.CharField(max_length=200)
    opened_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "recipient"], name="breaker_open_once")
        ]

    def __str__(self) -> str:
        return f"breaker of {self.account_id} {self.recipient}".strip()
