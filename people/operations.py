"""What can be done with people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from people.models import Contact, Identity

#: What tells one address from another: its kind and its value.
Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Address:
    """How a channel names a person: ``("email", "ann@example.org")``."""

    kind: str
    value: str
    name: str = ""

    @classmethod
    def email(cls, value: str, name: str = "") -> Address:
        return cls("email", value.strip().lower()[:254], name.strip()[:120])

    @property
    def key(self) -> Key:
        return self.kind, self.value


def lock_contact(address: Address) -> Contact:
    """The contact at ``address``, made if new, locked until the transaction ends."""
    return lock_contacts([address])[address.key]


@transaction.atomic
def lock_contacts(addresses: Iterable[Address]) -> dict[Key, Contact]:
    """The contact at each address, made if new, locked until the transaction ends.

    Rows are written and locked in one order, so that two batches cannot deadlock.
    """
    wanted = {address.key: address for address in addresses}
    owners = _owners(wanted)
    if strangers := [wanted[key] for key in sorted(wanted.keys() - owners.keys())]:
        _introduce(strangers)
        owners |= _owners(stranger.key for stranger in strangers)
    locked = Contact.objects.filter(pk__in=set(owners.values())).order_by("pk")
    contacts = {contact.pk: contact for contact in locked.select_for_update()}
    found = {key: contacts[owner] for key, owner in owners.items()}
    for key, contact in found.items():
        if wanted[key].name and not contact.name:
            contact.name = wanted[key].name[:120]
            contact.save(update_fields=["name"])
    return found


def _owners(keys: Iterable[Key]) -> dict[Key, int]:
    """The contact's id for each address that is known."""
    values: defaultdict[str, list[str]] = defaultdict(list)
    for kind, value in keys:
        values[kind].append(value)
    rows = [
        row
        for kind, some in values.items()
        for row in Identity.objects.filter(kind=kind, value__in=some).values_list(
            "kind", "value", "contact_id"
        )
    ]
    return {(kind, value): owner for kind, value, owner in rows}


def _introduce(strangers: Sequence[Address]) -> None:
    """Make contacts for these addresses. Whoever was quicker with one of them keeps it."""
    contacts = Contact.objects.bulk_create(
        Contact(name=stranger.name[:120]) for stranger in strangers
    )
    Identity.objects.bulk_create(
        (
            Identity(contact=contact, kind=stranger.kind, value=stranger.value)
            for contact, stranger in zip(contacts, strangers, strict=True)
        ),
        ignore_conflicts=True,
    )
    made = [contact.pk for contact in contacts]
    kept = set(Identity.objects.filter(contact_id__in=made).values_list("contact_id", flat=True))
    if unused := [pk for pk in made if pk not in kept]:
        Contact.objects.filter(pk__in=unused).delete()


def find_identity(address: Address) -> Identity | None:
    return Identity.objects.filter(kind=address.kind, value=address.value).first()


def verify(*addresses: Address) -> None:
    """Remember that the owner of each address has proved it, and that it works. Idempotent."""
    for kind in sorted({address.kind for address in addresses}):
        values = [address.value for address in addresses if address.kind == kind]
        known = Identity.objects.filter(kind=kind, value__in=values)
        news = Q(verified_at=None) | Q(undeliverable_at__isnull=False)
        known.filter(news).order_by().update(
            verified_at=Coalesce("verified_at", timezone.now()),
            undeliverable_at=None,
            bounce_score=0,
            bounce_reason="",
        )


def email_of(contact: Contact) -> str:
    """The address to write to: a verified one first, never one that bounced; or ""."""
    emails = contact.identities.filter(kind="email", undeliverable_at=None)
    identity = emails.order_by("verified_at", "pk").first()
    return identity.value if identity else ""
