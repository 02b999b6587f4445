from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from tickets.models import Ticket


class AccessRequest(models.Model):
    """Somebody with a number and an address asks to see a ticket.

    The row is written before anybody knows whether the two belong together, so that a
    right and a wrong pair cost the same; a worker fills in the rest.
    """

    reference = models.CharField(max_length=13)
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="+")
    contact_id = models.BigIntegerField(null=True)
    code_mac = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="access_request_age")]

    def __str__(self) -> str:
        return f"access request {self.pk}"
