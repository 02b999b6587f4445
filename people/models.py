"""Who: agents, teams, and the customers who write to us."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class Team(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class AgentManager(UserManager["User"]):
    """Agents sign in by email; the username is only Django's key and equals it."""

    def create_agent(self, email: str, password: str, **values: object) -> User:
        return self.create_user(username=email, email=email, password=password, **values)


class User(AbstractUser):
    """An agent. In code ``agent`` for an author, ``actor`` for who did something."""

    class Role(models.TextChoices):
        AGENT = "agent", _("agent")
        ADMIN = "admin", _("administrator")

    name = models.CharField(_("name"), max_length=120, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.AGENT)
    language = models.CharField(max_length=10, blank=True)
    teams = models.ManyToManyField(Team, related_name="members", blank=True)
    sees_all_tickets = models.BooleanField(default=False)
    signature = models.TextField(_("signature"), blank=True, default="", db_default="")
    wants_mail = models.BooleanField(
        _("tell me by mail"),
        default=False,
        db_default=False,
        help_text=_("Mail about my tickets; I may answer it."),
    )

    objects: ClassVar[AgentManager] = AgentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=~Q(email=""), name="agent_email_is_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        words = (self.name or self.email.split("@")[0]).split()
        return "".join(word[0] for word in words[:2]).upper()


class Contact(models.Model):
    """A person outside. May have several identities."""

    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name or f"contact {self.pk}"


class Identity(models.Model):
    """One way to reach a contact: ``("email", "ann@example.org")``."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=254)
    verified_at = models.DateTimeField(
        null=True, help_text="When its owner proved it: DMARC, or a link or code we sent."
    )
    undeliverable_at = models.DateTimeField(null=True, help_text="Mail to it bounced for good.")
    bounce_score = models.FloatField(
        default=0, db_default=0, help_text="Soft 1, hard 2; a good send erodes it."
    )
    bounced_at = models.DateTimeField(null=True, help_text="The last bounce, soft or hard.")
    bounce_reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"], name="identity_belongs_to_one_contact"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"
