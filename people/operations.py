"""What can be done with people."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from people.models import Contact, Identity


@dataclass(frozen=True)
class Address:
    """How a channel names a person: ``("email", "ann@example.org")``."""

    kind: str
    value: str
    name: str = ""

    @classmethod
    def email(cls, value: str, name: str = "") -> Address:
        return cls("email", value.strip().lower()[:254], name.strip()[:120])


@transaction.atomic
def lock_contact(address: Address) -> Contact:
    """The contact at ``address``, made if new, locked until the transaction ends."""
    identity = find_identity(address)
    if identity is None:
        contact = Contact.objects.create(name=address.name[:120])
        identity, created = Identity.objects.get_or_create(
            kind=address.kind, value=address.value, defaults={"contact": contact}
        )
        if not created:
            contact.delete()
    contact = Contact.objects.select_for_update().get(pk=identity.contact_id)
    if address.name and not contact.name:
        contact.name = address.name[:120]
        contact.save(update_fields=["name"])
    return contact


def find_identity(address: Address) -> Identity | None:
    return Identity.objects.filter(kind=address.kind, value=address.value).first()


def verify(address: Address) -> None:
    """Remember that the owner of ``address`` has proved it. Idempotent."""
    unproved = Identity.objects.filter(kind=address.kind, value=address.value, verified_at=None)
    unproved.update(verified_at=timezone.now(), undeliverable_at=None)


def mark_undeliverable(address: Address) -> None:
    """Remember that mail to ``address`` bounced for good."""
    Identity.objects.filter(kind=address.kind, value=address.value).update(
        undeliverable_at=timezone.now()
    )


def email_of(contact: Contact) -> str:
    """The address to write to: a verified one first, never one that bounced; or ""."""
    emails = contact.identities.filter(kind="email", undeliverable_at=None)
    identity = emails.order_by("verified_at", "pk").first()
    return identity.value if identity else ""
